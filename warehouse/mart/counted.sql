-- One row per indicator and incident that meets its definition; `qualifying` is made by the indicators stage.
-- One row stands for each unit in the numerator: a child once a year (the fatal act before others, then the earliest),
-- a death once.
SELECT indicator_code, definition_version, incident_id, unit_id, child_id, records, counted_date, year(counted_date) AS year,
       coalesce(sex, 'unknown') AS sex, coalesce(g.code, 'unknown') AS age_group, coalesce(township_code, 'unknown') AS township_code,
       row_number() OVER (
           PARTITION BY indicator_code, unit_id, CASE WHEN unit = 'deaths' THEN 0 ELSE year(counted_date) END
           ORDER BY is_death DESC, counted_date, incident_id) = 1 AS is_in_numerator
FROM qualifying LEFT JOIN age_group g ON age_years BETWEEN g.from_years AND g.to_years
