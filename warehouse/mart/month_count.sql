-- The counts of every month, by category and sex, from which those of longer periods add up. Of children those whose only incident
-- of the month, quarter, year or twelve months it is: only the others need telling apart.
SELECT rule, month, category_number, sex, sum(records) AS records, count(*) AS incidents,
       sum(weight) AS weight, count(*) FILTER (is_only_in_month) AS only_in_month, count(*) FILTER (is_only_in_quarter) AS only_in_quarter,
       count(*) FILTER (is_only_in_year) AS only_in_year, count(*) FILTER (NOT is_near_another) AS only_in_twelve_months
FROM (
    SELECT t.*, unnest(if(tier_number IS NULL, categories, list_append(categories, tier_number))[:depth_of_years]) AS category_number
    FROM tally t JOIN marked USING (incident) JOIN rule USING (rule))
GROUP BY ALL
