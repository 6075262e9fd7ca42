-- The child population that holds: the newest figure of every cell.
SELECT year, township_code, sex, age_years, population_type, value, source, method, as_of, batch_id
FROM ref.population_version
WHERE disposition = 'loaded'
