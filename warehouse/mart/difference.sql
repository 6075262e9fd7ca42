-- How the yearly figures differ between two moments, in parts that add up: one row per figure and cause.
-- `compared` (comparison, from_at, to_at) is made by whoever asks. The parts of a rate: first the numerator changes, release
-- by release, over the population as it was; what then remains is the population's.
WITH
headline AS (
    SELECT indicator_code, period::INTEGER AS year, numerator, denominator, rate_per_1000 AS rate, valid_from, valid_to
    FROM out.indicator_rate_version
    WHERE period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all')
),
figure AS (
    SELECT comparison, indicator_code, year,
           any_value(h) FILTER (valid_from <= from_at AND (valid_to IS NULL OR valid_to > from_at)) AS old,
           any_value(h) FILTER (valid_from <= to_at AND (valid_to IS NULL OR valid_to > to_at)) AS new
    FROM compared CROSS JOIN headline h GROUP BY ALL
),
release AS (
    SELECT comparison, release_id, published_at
    FROM compared JOIN ops.release ON published_at > from_at AND published_at <= to_at
),
-- A unit that came and went again within the span makes no difference.
change AS (
    SELECT r.comparison, r.published_at, c.*
    FROM mart.figure_change c JOIN release r USING (release_id)
    QUALIFY unit_id IS NULL OR sum(numerator_change) OVER (PARTITION BY comparison, indicator_code, year, unit_id) <> 0
),
part AS (
    SELECT comparison, c.indicator_code, c.year, c.cause, sum(c.numerator_change)::BIGINT AS numerator_change,
           coalesce(sum(c.numerator_change / nullif(coalesce(b.denominator, n.denominator), 0)) * 1000, 0) AS rate_change,
           coalesce(sum(1 + length(c.records) - length(replace(c.records, ',', ''))), 0)::BIGINT AS records,
           string_agg(DISTINCT c.sources, ',' ORDER BY c.sources) AS sources
    FROM change c
    LEFT JOIN headline b ON b.indicator_code = c.indicator_code AND b.year = c.year
         AND b.valid_from < c.published_at AND (b.valid_to IS NULL OR b.valid_to >= c.published_at)
    LEFT JOIN headline n ON n.indicator_code = c.indicator_code AND n.year = c.year
         AND n.valid_from <= c.published_at AND (n.valid_to IS NULL OR n.valid_to > c.published_at)
    GROUP BY ALL
),
explained AS (
    SELECT comparison, indicator_code, year, sum(numerator_change)::BIGINT AS numerator_change, sum(rate_change) AS rate_change
    FROM part GROUP BY ALL
),
rest AS (
    SELECT comparison, indicator_code, year,
           coalesce(new.numerator, 0) - coalesce(old.numerator, 0) - coalesce(e.numerator_change, 0) AS numerator_change,
           coalesce(new.rate, 0) - coalesce(old.rate, 0) - coalesce(e.rate_change, 0) AS rate_change
    FROM figure LEFT JOIN explained e USING (comparison, indicator_code, year)
),
every_part AS (
    FROM part
    UNION ALL BY NAME
    SELECT *, 'population' AS cause, 0 AS records FROM (SELECT * REPLACE (0 AS numerator_change) FROM rest)
    UNION ALL BY NAME
    SELECT * REPLACE (0.0 AS rate_change), 'unexplained' AS cause, 0 AS records FROM rest WHERE numerator_change <> 0
)
SELECT comparison, indicator_code, year, old.numerator AS numerator_from, new.numerator AS numerator_to,
       old.rate AS rate_from, new.rate AS rate_to, cause, p.numerator_change, p.rate_change, p.records, p.sources
FROM figure JOIN every_part p USING (comparison, indicator_code, year)
WHERE p.numerator_change <> 0 OR abs(p.rate_change) > 1e-9
ORDER BY ALL
