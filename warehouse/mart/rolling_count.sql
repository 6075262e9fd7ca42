-- Twelve months to each month's end. An incident enters the window of its month and leaves twelve months later; a child counts
-- in a window once, by the last of its incidents in it. Only children with incidents less than a year apart need telling apart.
WITH child_month AS (
    SELECT rule, category_number, month, least(month + 12, lead(month, 1, 999999) OVER (
        PARTITION BY rule, category_number, child ORDER BY month)) AS until
    FROM (SELECT DISTINCT rule, unnest(categories[:least(depth_of_parts, of_every_period)]) AS category_number, month, t.child
          FROM tally t JOIN marked USING (incident) JOIN rule USING (rule)
          WHERE is_near_another)
), step AS (
    SELECT rule, category_number, month, sum(records) AS records, sum(incidents) AS incidents, sum(only_in_twelve_months) AS children,
           sum(weight) AS weight
    FROM month_count JOIN rule USING (rule) JOIN category USING (category_number) WHERE depth <= depth_of_parts GROUP BY ALL
), change AS (
    FROM step
    UNION ALL SELECT rule, category_number, month + 12, -records, -incidents, -children, -weight FROM step
    UNION ALL SELECT rule, category_number, month, 0, 0, count(*), 0 FROM child_month GROUP BY ALL
    UNION ALL SELECT rule, category_number, until, 0, 0, -count(*), 0 FROM child_month GROUP BY ALL
    UNION ALL SELECT rule, category_number, position, 0, 0, 0, 0
              FROM (SELECT DISTINCT rule, category_number FROM step), period WHERE period_type = 'rolling_12_months'
), per_month AS (
    SELECT rule, category_number, month, sum(records) AS records, sum(incidents) AS incidents, sum(children) AS children,
           sum(weight) AS weight FROM change GROUP BY ALL
), running AS (
    SELECT rule, category_number, month, sum(records) OVER so_far AS records, sum(incidents) OVER so_far AS incidents,
           sum(children) OVER so_far AS children, sum(weight) OVER so_far AS weight
    FROM per_month WINDOW so_far AS (PARTITION BY rule, category_number ORDER BY month)
)
SELECT rule, 'rolling_12_months' AS period_type, month AS position, category_number, 'all' AS sex, records, incidents, children,
       CASE WHEN unit = 'children' THEN children ELSE weight END AS numerator
FROM running JOIN rule USING (rule)
WHERE incidents > 0 AND month IN (SELECT position FROM period WHERE period_type = 'rolling_12_months')
