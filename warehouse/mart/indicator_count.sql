-- Numerators and their three companions for every cell, from the incidents that meet the definitions.
-- `cell` (made by the indicators stage) is the grid to be filled.
WITH by_period AS (
    SELECT c.*, p.period_type, p.period
    FROM mart.counted c JOIN calendar p ON c.counted_date BETWEEN p.first_day AND p.last_day
)
SELECT cell.indicator_code, cell.period_type, cell.period, cell.sex, cell.age_group, cell.township_code,
       coalesce(sum(b.records), 0)::BIGINT AS records,
       count(b.incident_id) AS incidents,
       count(DISTINCT b.child_id) AS children,
       count(b.incident_id) FILTER (b.is_in_numerator) AS numerator
FROM cell LEFT JOIN by_period b
  ON b.indicator_code = cell.indicator_code AND b.period_type = cell.period_type AND b.period = cell.period
 AND cell.sex IN ('all', b.sex) AND cell.age_group IN ('all', b.age_group) AND cell.township_code IN ('all', b.township_code)
GROUP BY ALL
