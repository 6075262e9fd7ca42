-- Every rule's incidents with their weight in the numerator and their periods; `qualifying` and `marked` are made by the
-- indicators stage. One row stands for each unit: a child once a year (the fatal act before others, then the earliest), a death
-- once, whichever versions of the definition hold in the years in which it is told of.
WITH standing AS (
    SELECT q.*, r.unit, true AS stands FROM qualifying q JOIN rule r USING (rule) WHERE r.unit IN ('incidents', 'records')
    UNION ALL
    SELECT q.*, r.unit, row_number() OVER (
        PARTITION BY r.indicator_code, r.analysis, q.child, CASE WHEN r.unit = 'deaths' THEN 0 ELSE year(counted_date) END
        ORDER BY q.is_death DESC, counted_date, incident_id) = 1
    FROM qualifying q JOIN rule r USING (rule) JOIN marked m USING (incident) WHERE r.unit IN ('children', 'deaths')
), dated AS (
    SELECT * EXCLUDE (unit, is_death), CASE WHEN unit = 'records' THEN records WHEN stands THEN 1 ELSE 0 END AS weight,
           -- periods by their number: years, quarters and months since year 0
           year(counted_date)::INTEGER AS year, (year(counted_date) * 4 + quarter(counted_date) - 1)::INTEGER AS quarter,
           (year(counted_date) * 12 + month(counted_date) - 1)::INTEGER AS month
    FROM standing
)
SELECT * EXCLUDE (before, after), before // 12 <> year AND after // 12 <> year AS is_only_in_year,
       before // 3 <> quarter AND after // 3 <> quarter AS is_only_in_quarter,
       before <> month AND after <> month AS is_only_in_month,
       month - before < 12 OR after - month < 12 AS is_near_another
FROM (SELECT *, lag(month, 1, -999) OVER of_child AS before, lead(month, 1, 999999) OVER of_child AS after
      FROM dated WINDOW of_child AS (PARTITION BY rule, child ORDER BY month))
