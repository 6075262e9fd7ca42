-- Child person-years of every period and of the ages of every rule, by the dimensions in which the population is known. A year counts its mean population:
-- the figure given for it (mid-year), or the mean of two year ends where both are dated 31 December of their own year.
-- A part of a year counts its days; what lies after `as_of` has not been lived yet. A sum that lacks one of its cells (a sex and age
-- of the district or, where the year is given by townships, of one of them) is no denominator; a year may be given without sexes. A township begins with the first
-- year that is given for it, and ends when $townships no longer names it.
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
), place AS (
    SELECT DISTINCT year, population_type, coalesce(township_code, 'unknown') AS township FROM given
    UNION
    SELECT y.year, population_type, t.township_code
    FROM (SELECT DISTINCT year, population_type FROM given WHERE township_code IS NOT NULL) y
    JOIN (SELECT population_type, township_code, min(year) AS first_year FROM given GROUP BY ALL) t USING (population_type)
    WHERE t.first_year < y.year AND list_contains($townships, t.township_code)
), sexes AS (
    SELECT year, population_type, unnest(if(is_without, ['unknown'], ['male', 'female'])) AS sex
    FROM (SELECT year, population_type, bool_and(sex IS NULL) AS is_without FROM given GROUP BY ALL)
), wanted AS (
    SELECT year, population_type, sex, a.age_years, township
    FROM place JOIN sexes USING (year, population_type), range(18) a(age_years)
), child AS (
    SELECT year, population_type, sex, age_years, township, value
    FROM lived FULL JOIN wanted USING (year, population_type, sex, age_years, township)
), cell AS (
    SELECT * FROM child JOIN (SELECT DISTINCT first_age, last_age FROM rule) ON age_years BETWEEN first_age AND last_age
), by_category AS (
    SELECT * EXCLUDE (age_years, township), 'all' AS dimension, 'all' AS category FROM cell
    UNION ALL SELECT * EXCLUDE (age_years, township), 'sex', sex FROM cell
    UNION ALL SELECT * EXCLUDE (age_years, township), 'township', township FROM cell
    UNION ALL SELECT c.* EXCLUDE (age_years, township), dimension, category
              FROM cell c JOIN ref.age_group ON age_years BETWEEN from_years AND to_years
    UNION ALL SELECT c.* EXCLUDE (age_years, township), 'township_age5', township || '|' || category
              FROM cell c JOIN ref.age_group ON age_years BETWEEN from_years AND to_years WHERE dimension = 'age5'
), by_year AS (
    SELECT first_age, last_age, year, population_type, coalesce(sex, 'all') AS sex, dimension, category, sum(value) AS value
    FROM by_category
    GROUP BY first_age, last_age, year, population_type, dimension, category, GROUPING SETS ((sex), ())
    HAVING count(value) = count(*) AND 'unknown' NOT IN (coalesce(sex, 'all'), category)  -- of nobody's sex or township there are no children
), part AS (
    SELECT period_type, position, y AS year,
           (1 + least(last_day, make_date(y, 12, 31), $as_of) - greatest(first_day, make_date(y, 1, 1)))
               / (1 + make_date(y, 12, 31) - make_date(y, 1, 1)) AS share
    FROM period, unnest(range(year(first_day), year(last_day) + 1)) years(y)
), lived_part AS (
    SELECT *, count(*) OVER (PARTITION BY period_type, position) AS parts FROM part WHERE share > 0
)
SELECT period_type, position, first_age, last_age, population_type, sex, dimension, category, sum(value * share) AS denominator
FROM lived_part JOIN by_year USING (year)
GROUP BY period_type, position, first_age, last_age, population_type, sex, dimension, category
HAVING count(*) = max(parts)  -- a period that reaches into a year without a population has no denominator
