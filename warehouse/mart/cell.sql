-- Every figure: the grid of rules, periods and categories with counts and person-years, and the reason where there can be none.
-- Analyses are counted for whole years of the district, sub-measures for whole years by age and township.
WITH span AS (
    SELECT r.* EXCLUDE (first_year, last_year, depends_on), p.period_type, p.period, p.position, p.first_day, p.last_day,
           year(p.last_day) AS year,
           len(list_filter(r.depends_on, lambda source: NOT list_contains(reported.sources, source))) = 0 AS is_reported,
           CASE WHEN p.period_type = 'rolling_12_months' THEN p.last_day ELSE p.first_day END > $as_of AS is_too_early
    FROM rule r
    JOIN period p ON year(p.first_day) >= r.first_year AND year(p.last_day) <= r.last_year
    JOIN reported USING (period_type, position)
), grid AS (
    SELECT p.*, s.sex, c.*, c.dimension IN ('all', 'sex', 'age5', 'stage', 'legal', 'township') AS is_populated
    FROM span p
    CROSS JOIN (VALUES ('all'), ('male'), ('female'), ('unknown')) s(sex)
    CROSS JOIN category c
    WHERE (s.sex = 'all' OR p.period_type = 'year')
      AND (s.sex = 'all' OR c.dimension <> 'sex')
      AND (p.period_type = 'year' OR c.dimension NOT IN ('activity', 'care_level', 'violence_type', 'hukou', 'plan_cause', 'tier'))
      AND (c.dimension <> 'tier' OR list_contains(p.tiers, c.category))
      AND (c.dimension = 'all' AND (p.analysis = '' OR p.period_type = 'year' AND s.sex = 'all')
           OR p.analysis = '' AND (NOT p.is_measure
                              OR p.period_type = 'year' AND (c.dimension = 'age5' OR c.dimension = 'township' AND s.sex = 'all')))
), cell AS (
    SELECT g.* EXCLUDE (tiers), coalesce(n.records, 0) AS records, coalesce(n.incidents, 0) AS incidents, coalesce(n.children, 0) AS children,
           coalesce(n.numerator, 0) AS numerator, d.denominator, coalesce(d.denominator > 0, FALSE) AS has_population
    FROM grid g
    LEFT JOIN cell_count n USING (rule, period_type, position, sex, category_number)
    LEFT JOIN person_years d
      ON d.period_type = g.period_type AND d.position = g.position AND d.population_type = g.population_type AND d.sex = g.sex
     AND (d.dimension, d.category) = (CASE WHEN g.is_populated THEN (g.dimension, g.category) ELSE ('all', 'all') END)
    WHERE (g.category <> 'unknown' AND g.sex <> 'unknown') OR n.incidents > 0
)
SELECT * EXCLUDE (unit, population_type, position, first_day, last_day, is_populated, has_population),
       has_population AND is_reported AND NOT is_too_early AS has_rate,
       CASE WHEN is_too_early THEN 'too_early' WHEN NOT is_reported THEN 'not_reported'
            WHEN sex = 'unknown' OR category = 'unknown' AND is_populated THEN 'not_applicable'
            WHEN NOT has_population THEN 'denominator_missing' END AS reason
FROM cell
