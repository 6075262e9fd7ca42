-- What stands in the numerators of the indicators, by year and by the feeds that reported it.
SELECT rule, year, m.sources, count(*) AS cases, sum(weight)::BIGINT AS events
FROM tally JOIN marked m USING (incident) JOIN rule USING (rule)
WHERE analysis = '' AND NOT is_measure AND stands GROUP BY ALL
