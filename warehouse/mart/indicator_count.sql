-- Numerators and their three companions for every cell, from the incidents that meet the definitions.
-- `counted` (made by the indicators stage) has one row per indicator and incident; `cell` is the grid to be filled.
WITH chosen AS (
    -- One row stands for each unit: a child once a year (the fatal act before others, then the earliest), a death once.
    SELECT *, row_number() OVER (
        PARTITION BY indicator_code, unit_key, CASE WHEN unit = 'deaths' THEN 0 ELSE year END
        ORDER BY is_death DESC, counted_date, incident_id) = 1 AS stands
    FROM counted
), by_period AS (
    SELECT c.*, p.period_type, p.period FROM chosen c JOIN calendar p ON c.counted_date BETWEEN p.first_day AND p.last_day
)
SELECT cell.indicator_code, cell.period_type, cell.period, cell.sex, cell.age_group, cell.township_code,
       coalesce(sum(b.records), 0)::BIGINT AS records,
       count(b.incident_id) AS incidents,
       count(DISTINCT b.child_id) AS children,
       count(b.incident_id) FILTER (b.stands) AS numerator
FROM cell LEFT JOIN by_period b
  ON b.indicator_code = cell.indicator_code AND b.period_type = cell.period_type AND b.period = cell.period
 AND cell.sex IN ('all', b.sex) AND cell.age_group IN ('all', b.age_group) AND cell.township_code IN ('all', b.township_code)
GROUP BY ALL
