-- What stands in the numerators of the indicators, by year: of how many children, and the sum of squares of what each adds.
SELECT rule, year, count(*) AS children, sum(events)::BIGINT AS events, sum(events * events)::BIGINT AS squares
FROM (
    SELECT rule, year, child, sum(weight)::BIGINT AS events FROM tally JOIN rule USING (rule)
    WHERE analysis = '' AND NOT is_measure AND stands GROUP BY ALL)
GROUP BY ALL
