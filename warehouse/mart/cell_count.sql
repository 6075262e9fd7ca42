-- The counts of every cell that holds an incident, by the number of its period and of its category; years also by sex.
-- Of children only those with several incidents in the period need telling apart; all others are counted as they come.
WITH entry AS NOT MATERIALIZED (
    SELECT rule, 'year' AS period_type, year AS position, sex, records, weight, child, is_only_in_year AS is_only,
           unnest(categories || categories_by_year) AS category_number FROM tally
    UNION ALL
    SELECT rule, 'quarter', quarter, 'all', records, weight, child, is_only_in_quarter, unnest(categories) FROM tally
    UNION ALL
    SELECT rule, 'month', month, 'all', records, weight, child, is_only_in_month, unnest(categories) FROM tally
), by_sex AS (
    SELECT rule, period_type, position, category_number, sex, sum(records) AS records, count(*) AS incidents,
           count(*) FILTER (is_only) AS children, sum(weight) AS numerator
    FROM entry GROUP BY ALL
), repeated AS (
    SELECT rule, period_type, position, category_number,
           bit_or(CASE sex WHEN 'male' THEN 1 WHEN 'female' THEN 2 WHEN 'unknown' THEN 4 ELSE 8 END) AS sexes
    FROM entry WHERE NOT is_only GROUP BY rule, period_type, position, category_number, child
), repeated_by_sex AS (
    SELECT rule, period_type, position, category_number, sex, count(*) AS children
    FROM repeated JOIN (VALUES ('male', 1), ('female', 2), ('unknown', 4), ('all', 15)) s(sex, mask) ON sexes & mask > 0
    GROUP BY ALL
), counted AS (
    FROM by_sex
    UNION ALL
    SELECT rule, period_type, position, category_number, 'all', sum(records), sum(incidents), sum(children), sum(numerator)
    FROM by_sex WHERE period_type = 'year' GROUP BY ALL
)
SELECT rule, period_type, position, category_number, sex, records, incidents, c.children + coalesce(r.children, 0) AS children,
       numerator
FROM counted c LEFT JOIN repeated_by_sex r USING (rule, period_type, position, category_number, sex)
