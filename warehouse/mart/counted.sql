-- Which incidents every indicator counts, and which of them stand in its numerator; `tally` is made by the indicators stage.
SELECT r.indicator_code, r.definition_version, incident_id, CASE WHEN r.unit IN ('children', 'deaths') THEN child_id ELSE incident_id END AS unit_id, child_id, t.records, counted_date, year,
       t.sex, coalesce(g.category, 'unknown') AS age_group, township_code, stands AS is_in_numerator
FROM tally t JOIN marked m USING (incident) JOIN rule r USING (rule)
LEFT JOIN ref.age_group g ON g.dimension = 'age5' AND age_years BETWEEN g.from_years AND g.to_years
WHERE r.analysis = ''
