-- The counts of every cell that holds an incident, by the number of its period and of its category; years also by sex.
-- Of children only those with several incidents in the period need telling apart; all others were counted as they came.
WITH entry AS NOT MATERIALIZED (
    SELECT rule, 'year' AS period_type, year AS position, t.sex, t.child, unnest(if(tier_number IS NULL, categories, list_append(categories, tier_number))[:depth_of_years]) AS category_number
    FROM tally t JOIN marked USING (incident) JOIN rule USING (rule) WHERE NOT is_only_in_year
    UNION ALL
    SELECT rule, 'quarter', quarter, 'all', t.child, unnest(categories[:least(depth_of_parts, of_every_period)])
    FROM tally t JOIN marked USING (incident) JOIN rule USING (rule) WHERE NOT is_only_in_quarter
    UNION ALL
    SELECT rule, 'month', month, 'all', t.child, unnest(categories[:least(depth_of_parts, of_every_period)])
    FROM tally t JOIN marked USING (incident) JOIN rule USING (rule) WHERE NOT is_only_in_month
), repeated AS (
    SELECT rule, period_type, position, category_number,
           bit_or(CASE sex WHEN 'male' THEN 1 WHEN 'female' THEN 2 WHEN 'unknown' THEN 4 ELSE 8 END) AS sexes
    FROM entry GROUP BY rule, period_type, position, category_number, child
), repeated_by_sex AS (
    SELECT rule, period_type, position, category_number, sex, count(*) AS children
    FROM repeated JOIN (VALUES ('male', 1), ('female', 2), ('unknown', 4), ('all', 15)) s(sex, mask) ON sexes & mask > 0
    GROUP BY ALL
), of_part AS (
    SELECT n.* FROM month_count n JOIN rule USING (rule) JOIN category USING (category_number) WHERE depth <= depth_of_parts
), counted AS (
    SELECT rule, 'month' AS period_type, month AS position, category_number, 'all' AS sex, sum(records) AS records,
           sum(incidents) AS incidents, sum(only_in_month) AS children, sum(weight) AS numerator
    FROM of_part GROUP BY rule, month, category_number
    UNION ALL
    SELECT rule, 'quarter', month // 3, category_number, 'all', sum(records), sum(incidents), sum(only_in_quarter), sum(weight)
    FROM of_part GROUP BY rule, month // 3, category_number
    UNION ALL
    SELECT rule, 'year', month // 12 AS year, category_number, coalesce(sex, 'all'), sum(records), sum(incidents), sum(only_in_year), sum(weight)
    FROM month_count GROUP BY GROUPING SETS ((rule, year, category_number, sex), (rule, year, category_number))
)
SELECT rule, period_type, position, category_number, sex, records, incidents, c.children + coalesce(r.children, 0) AS children,
       numerator
FROM counted c LEFT JOIN repeated_by_sex r USING (rule, period_type, position, category_number, sex)
