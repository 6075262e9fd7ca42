-- All years from the first to the last that holds an event or a population, with their quarters, months and 12-month windows.
WITH bounds AS (
    SELECT min(year) AS first, max(year) AS last
    FROM (SELECT year FROM mart.counted UNION ALL SELECT year FROM ref.population)
), month AS (
    SELECT day::DATE AS first_day FROM bounds,
    unnest(generate_series(make_date(first, 1, 1), make_date(last, 12, 1), INTERVAL 1 MONTH)) series(day)
    WHERE first IS NOT NULL
)
SELECT 'month' AS period_type, strftime(first_day, '%Y-%m') AS period, (year(first_day) * 12 + month(first_day) - 1)::INTEGER AS position,
       first_day, last_day(first_day) AS last_day
FROM month
UNION ALL
SELECT 'quarter', strftime(first_day, '%Y') || 'Q' || quarter(first_day), year(first_day) * 4 + quarter(first_day) - 1,
       first_day, last_day((first_day + INTERVAL 2 MONTH)::DATE)
FROM month WHERE month(first_day) IN (1, 4, 7, 10)
UNION ALL
SELECT 'year', strftime(first_day, '%Y'), year(first_day), first_day, make_date(year(first_day), 12, 31)
FROM month WHERE month(first_day) = 1
UNION ALL
SELECT 'rolling_12_months', strftime(first_day, '%Y-%m'), year(first_day) * 12 + month(first_day) - 1,
       (first_day - INTERVAL 11 MONTH)::DATE, last_day(first_day)
FROM month WHERE first_day >= (SELECT min(first_day) + INTERVAL 11 MONTH FROM month)
