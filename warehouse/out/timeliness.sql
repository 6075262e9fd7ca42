-- For every source and month of events, how soon its records were reported, and whether hours and days of reports heap up.
WITH record AS (
    SELECT r.source_code, r.institution_id, date_trunc('month', r.event_date_from)::DATE AS month, r.event_hour, r.reported_date,
           r.reported_date - coalesce(r.death_date, r.event_date_to) AS delay_days,
           r.reported_date < date_trunc('month', r.event_date_from) + to_months(h.months - ((month(r.event_date_from) - 1) % h.months)::INTEGER)
                             + to_days(h.due_days) AS is_on_time
    FROM core.record r JOIN rhythm h USING (source_code) WHERE r.event_date_from IS NOT NULL
), by_day AS (
    SELECT source_code, month, max(records) AS busiest
    FROM (SELECT source_code, month, reported_date, count(*) AS records FROM record WHERE reported_date IS NOT NULL GROUP BY ALL) GROUP BY ALL
), counted AS (
    SELECT source_code, month, count(*) AS records, count(DISTINCT institution_id) AS institutions, count(delay_days) AS dated,
           median(delay_days) AS median_delay_days, quantile_disc(delay_days, 0.9) AS p90_delay_days,
           count(*) FILTER (is_on_time) / nullif(count(is_on_time), 0) AS on_time_share,
           count(event_hour) AS hours_given,
           count(*) FILTER (event_hour IN (0, 8)) / nullif(count(event_hour), 0) AS heaped_hour_share
    FROM record GROUP BY ALL
)
SELECT a.source_code, strftime(a.month, '%Y-%m') AS period,
       CASE WHEN a.is_reported OR records > 0 THEN coalesce(records, 0) END AS records,
       CASE WHEN a.is_reported OR records > 0 THEN coalesce(institutions, 0) END AS institutions,
       median_delay_days, p90_delay_days, on_time_share, hours_given, heaped_hour_share,
       busiest / nullif(dated, 0) AS busiest_day_share,
       CASE WHEN records > 0 THEN NULL WHEN a.is_reported THEN 'not_applicable' ELSE 'not_reported' END AS reason
FROM ops.arrival a LEFT JOIN counted USING (source_code, month) LEFT JOIN by_day USING (source_code, month)
WHERE a.institution_id = 'all' AND a.status <> 'awaited'
ORDER BY ALL
