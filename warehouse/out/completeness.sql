-- For every source and month, how many of its records say something in each column that it can fill.
WITH record AS (
    SELECT *, date_trunc('month', event_date_from)::DATE AS month FROM core.record WHERE event_date_from IS NOT NULL
), counted AS (
    SELECT source_code, month, count(*) AS records, [
        {'name': 'sex', 'filled': count(sex), 'unknown': 0},
        {'name': 'age_years', 'filled': count(age_years), 'unknown': 0},
        {'name': 'birth_month', 'filled': count(birth_month), 'unknown': 0},
        {'name': 'residence', 'filled': count(*) FILTER (residence <> 'unknown'), 'unknown': 0},
        {'name': 'event_hour', 'filled': count(event_hour), 'unknown': 0},
        {'name': 'mechanism', 'filled': count(mechanism), 'unknown': count(*) FILTER (mechanism IN ('unknown', 'other'))},
        {'name': 'place', 'filled': count(place), 'unknown': count(*) FILTER (place IN ('unknown', 'other'))},
        {'name': 'activity', 'filled': count(activity), 'unknown': count(*) FILTER (activity IN ('unknown', 'other'))},
        {'name': 'intent', 'filled': count(intent), 'unknown': count(*) FILTER (intent IN ('unknown', 'undetermined', 'other_intent'))},
        {'name': 'nature', 'filled': count(nature), 'unknown': count(*) FILTER (nature IN ('unknown', 'other'))},
        {'name': 'body_part', 'filled': count(body_part), 'unknown': count(*) FILTER (body_part IN ('unknown', 'other'))},
        {'name': 'severity', 'filled': count(severity), 'unknown': 0},
        {'name': 'reported_date', 'filled': count(reported_date), 'unknown': 0}] AS columns
    FROM record GROUP BY ALL
), cell AS (
    SELECT source_code, month, records, unnest(columns, recursive := true) FROM counted
), expected AS (
    SELECT a.source_code, a.month, coalesce(a.is_reported, true) AS is_reported, f.column_name
    FROM ops.arrival a JOIN fed f USING (source_code)
    WHERE a.institution_id = 'all' AND a.status <> 'awaited' AND f.column_name IN (SELECT DISTINCT name FROM cell)
)
SELECT source_code, strftime(month, '%Y-%m') AS period, column_name,
       CASE WHEN is_reported OR records > 0 THEN coalesce(records, 0) END AS records,
       CASE WHEN is_reported OR records > 0 THEN coalesce(filled, 0) END AS filled,
       CASE WHEN is_reported OR records > 0 THEN coalesce(unknown, 0) END AS unknown,
       filled / records AS filled_share,
       unknown / records AS unknown_share,
       CASE WHEN records > 0 THEN NULL WHEN is_reported THEN 'not_applicable' ELSE 'not_reported' END AS reason
FROM expected LEFT JOIN (SELECT * RENAME (name AS column_name) FROM cell) USING (source_code, month, column_name)
ORDER BY ALL
