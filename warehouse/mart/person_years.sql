-- Child person-years of every cell: the population of the year, by the share of the year that the period covers.
WITH population AS (
    SELECT p.year, p.population_type, p.sex, g.code AS age_group, p.township_code, p.value
    FROM ref.population p JOIN age_group g ON p.age_years BETWEEN g.from_years AND g.to_years
    WHERE p.age_years BETWEEN 0 AND 17
)
SELECT cell.indicator_code, cell.period_type, cell.period, cell.sex, cell.age_group, cell.township_code,
       sum(p.value) * any_value(cell.share_of_year) AS denominator
FROM cell JOIN population p
  ON p.year = cell.year AND p.population_type = cell.population_type
 AND cell.sex IN ('all', p.sex) AND cell.age_group IN ('all', p.age_group) AND cell.township_code IN ('all', p.township_code)
GROUP BY ALL
