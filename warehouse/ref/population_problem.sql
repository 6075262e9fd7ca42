-- What is doubtful about the population figures of a file (`given`) beside those already held (`held`): cells that are missing,
-- years that are missing in between, totals that are not the sum of their parts, and jumps of more than 5 % in a year.
WITH township AS (
    SELECT unnest($townships) AS code
), place AS (
    SELECT DISTINCT year, population_type, township_code FROM given WHERE township_code IS NOT NULL
    UNION SELECT DISTINCT year, population_type, code FROM given, township WHERE township_code IS NOT NULL
    UNION SELECT DISTINCT year, population_type, NULL FROM given WHERE township_code IS NULL
), wanted AS (
    SELECT * FROM place, (VALUES ('male'), ('female')) s(sex), range(18) a(age_years)
), gap AS (
    SELECT w.year, w.population_type, coalesce(w.township_code, 'all') AS township_code, count(*) AS cells
    FROM wanted w LEFT JOIN given g ON g.year = w.year AND g.population_type = w.population_type AND g.sex = w.sex
     AND g.age_years = w.age_years AND g.township_code IS NOT DISTINCT FROM w.township_code
    WHERE g.value IS NULL GROUP BY ALL
), known AS (
    FROM given
    UNION ALL BY NAME
    FROM held ANTI JOIN given ON given.year = held.year AND given.population_type = held.population_type
), total AS (
    SELECT year, population_type,
           sum(value) FILTER (township_code IS NOT NULL) AS of_townships, sum(value) FILTER (township_code IS NULL) AS of_district,
           coalesce(of_townships, of_district) AS persons
    FROM known WHERE age_years BETWEEN 0 AND 17 GROUP BY ALL
), pair AS (
    SELECT n.year, n.population_type, n.persons / b.persons - 1 AS change, 20 * abs(n.persons - b.persons) > b.persons AS is_jump
    FROM total n JOIN total b ON b.year = n.year - 1 AND b.population_type = n.population_type
    WHERE n.year IN (SELECT year FROM given) OR b.year IN (SELECT year FROM given)
)
SELECT 'gap' AS kind, year, population_type, township_code, cells::DOUBLE AS size FROM gap
UNION ALL
SELECT 'missing_year', y, population_type, 'all', 1
FROM (SELECT population_type, unnest(range(min(year), max(year))) AS y FROM total GROUP BY population_type) r
WHERE NOT EXISTS (FROM total t WHERE t.year = r.y AND t.population_type = r.population_type)
UNION ALL
SELECT 'total', year, population_type, 'all', of_district - of_townships FROM total
WHERE of_district <> of_townships AND year IN (SELECT year FROM given)
UNION ALL
SELECT 'jump', year, population_type, 'all', round(change * 100, 1) FROM pair WHERE is_jump
ORDER BY ALL
