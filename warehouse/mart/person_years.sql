-- Child person-years of every period by the dimensions in which the population is known. A year counts its mean population:
-- the figure given for it (mid-year), or the mean of two year ends where both are dated 31 December of their own year.
-- A part of a year counts its days; what lies after `as_of` has not been lived yet.
WITH given AS (
    SELECT * FROM ref.population p WHERE age_years BETWEEN 0 AND 17
      -- the district as a whole stands in only where a year has no townships
      AND (township_code IS NOT NULL OR NOT EXISTS (FROM ref.population t
           WHERE t.year = p.year AND t.population_type = p.population_type AND t.township_code IS NOT NULL))
), lived AS (
    SELECT g.year, g.population_type, coalesce(g.sex, 'unknown') AS sex, g.age_years, coalesce(g.township_code, 'unknown') AS township,
           CASE WHEN g.as_of = make_date(g.year, 12, 31) AND before.value IS NOT NULL THEN (g.value + before.value) / 2 ELSE g.value END AS value
    FROM given g LEFT JOIN given before
      ON before.year = g.year - 1 AND before.as_of = make_date(g.year - 1, 12, 31) AND before.population_type = g.population_type
     AND before.sex IS NOT DISTINCT FROM g.sex AND before.age_years = g.age_years AND before.township_code IS NOT DISTINCT FROM g.township_code
), by_category AS (
    SELECT year, population_type, sex, 'all' AS dimension, 'all' AS category, value FROM lived
    UNION ALL SELECT year, population_type, sex, 'sex', sex, value FROM lived
    UNION ALL SELECT year, population_type, sex, 'township', township, value FROM lived
    UNION ALL SELECT year, population_type, sex, dimension, category, value
              FROM lived JOIN ref.age_group ON age_years BETWEEN from_years AND to_years
    UNION ALL SELECT year, population_type, sex, 'township_age5', township || '|' || category, value
              FROM lived JOIN ref.age_group ON age_years BETWEEN from_years AND to_years WHERE dimension = 'age5'
), by_year AS (
    SELECT year, population_type, coalesce(sex, 'all') AS sex, dimension, category, sum(value) AS value
    FROM by_category GROUP BY GROUPING SETS ((year, population_type, sex, dimension, category), (year, population_type, dimension, category))
), part AS (
    SELECT period_type, position, y AS year,
           (1 + least(last_day, make_date(y, 12, 31), $as_of) - greatest(first_day, make_date(y, 1, 1)))
               / (1 + make_date(y, 12, 31) - make_date(y, 1, 1)) AS share
    FROM period, unnest(range(year(first_day), year(last_day) + 1)) years(y)
), lived_part AS (
    SELECT *, count(*) OVER (PARTITION BY period_type, position) AS parts FROM part WHERE share > 0
)
SELECT period_type, position, population_type, sex, dimension, category, sum(value * share) AS denominator
FROM lived_part JOIN by_year USING (year)
GROUP BY period_type, position, population_type, sex, dimension, category
HAVING count(*) = max(parts)  -- a period that reaches into a year without a population has no denominator
