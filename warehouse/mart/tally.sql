-- Every rule's incidents with their weight in the numerator and their periods; `qualifying` is made by the indicators stage.
-- One row stands for each unit: a child once a year (the fatal act before others, then the earliest), a death once.
WITH standing AS (
    SELECT *, true AS stands FROM qualifying WHERE unit IN ('incidents', 'records')
    UNION ALL
    SELECT *, row_number() OVER (
        PARTITION BY rule, child, CASE WHEN unit = 'deaths' THEN 0 ELSE year(counted_date) END
        ORDER BY is_death DESC, counted_date, incident_id) = 1
    FROM qualifying WHERE unit IN ('children', 'deaths')
), dated AS (
    SELECT *, CASE WHEN unit = 'records' THEN records WHEN stands THEN 1 ELSE 0 END AS weight,
           -- periods by their number: years, quarters and months since year 0
           year(counted_date)::INTEGER AS year, (year(counted_date) * 4 + quarter(counted_date) - 1)::INTEGER AS quarter,
           (year(counted_date) * 12 + month(counted_date) - 1)::INTEGER AS month
    FROM standing
)
SELECT *, before // 12 <> year AND after // 12 <> year AS is_only_in_year,
       before // 3 <> quarter AND after // 3 <> quarter AS is_only_in_quarter,
       before <> month AND after <> month AS is_only_in_month,
       month - before < 12 OR after - month < 12 AS is_near_another
FROM (SELECT *, lag(month, 1, -999) OVER of_child AS before, lead(month, 1, 999999) OVER of_child AS after
      FROM dated WINDOW of_child AS (PARTITION BY rule, child ORDER BY month))
