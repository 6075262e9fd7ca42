-- Which sources have reported a period: a record of theirs lies in each of its years, or the title of a file of theirs names
-- the year: a report of nothing, or a register of deaths in which every child of that year died of a disease. Of these not
-- those that owe a month of it, as the arrival watch found: silence is not zero.
WITH by_year AS (
    SELECT year, list(DISTINCT source_code) AS sources FROM (
        SELECT year(event_date_from) AS year, source_code FROM core.record
        UNION ALL SELECT title_year, source_code FROM ops.batch WHERE title_year IS NOT NULL AND status = 'loaded')
    GROUP BY year
), missing AS (
    SELECT period_type, position, list(DISTINCT source_code) AS sources
    FROM period JOIN ops.arrival a ON a.month BETWEEN first_day AND last_day
    WHERE NOT a.is_reported GROUP BY ALL
)
SELECT period_type, position,
       list_filter(list_intersect(coalesce(first_year.sources, []), coalesce(last_year.sources, [])),
                   lambda source: NOT list_contains(coalesce(missing.sources, []), source)) AS sources
FROM period
LEFT JOIN by_year first_year ON first_year.year = year(first_day)
LEFT JOIN by_year last_year ON last_year.year = year(last_day)
LEFT JOIN missing USING (period_type, position)
