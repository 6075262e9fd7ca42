-- The grid of spans, sexes and categories with counts and person-years, all by their numbers. Where it is not known how many children
-- a category has, all children stand beside it. Of what is unknown only cells that hold an incident.
WITH whole AS (
    SELECT category_number FROM category WHERE dimension = 'all'
), grid AS (
    SELECT span, sex, c.category_number, if(c.is_populated, c.category_number, whole.category_number) AS children_of,
           c.category = 'unknown' OR sex = 'unknown' AS is_unknown
    FROM span s JOIN (VALUES ('all'), ('male'), ('female'), ('unknown')) sexes(sex) ON sex = 'all' OR period_type = 'year' AND analysis = ''
    JOIN category c ON c.depth <= s.depth, whole
    WHERE (c.dimension <> 'tier' OR list_contains(s.tiers, c.category))
      AND (sex = 'all' OR c.dimension <> 'sex' AND NOT (c.dimension = 'township' AND s.is_measure))
), counted AS (
    SELECT span, sex, category_number, records, incidents, children, numerator
    FROM cell_count JOIN span USING (rule, period_type, position)
), lived AS (
    SELECT span, sex, category_number AS children_of, denominator
    FROM person_years JOIN span USING (period_type, position, population_type, first_age, last_age) JOIN category USING (dimension, category)
)
SELECT span, sex, category_number, coalesce(records, 0) AS records, coalesce(incidents, 0) AS incidents,
       coalesce(children, 0) AS children, coalesce(numerator, 0) AS numerator, denominator
FROM grid LEFT JOIN counted USING (span, sex, category_number) LEFT JOIN lived USING (span, sex, children_of)
WHERE NOT is_unknown OR incidents > 0
