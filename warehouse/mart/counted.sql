-- Which incidents every indicator counts, and which of them stand in its numerator; `tally` is made by the indicators stage.
SELECT r.indicator_code, r.definition_version, incident_id, CASE WHEN r.unit IN ('children', 'deaths') THEN child_id ELSE incident_id END AS unit_id, child_id, t.records, counted_date, year,
       t.sex, coalesce(g.category, 'unknown') AS age_group, township_code, stands AS is_in_numerator
FROM tally t JOIN marked m USING (incident) JOIN rule r USING (rule)
LEFT JOIN (SELECT category, unnest(range(from_years, to_years + 1)) AS age_years FROM ref.age_group WHERE dimension = 'age5') g
USING (age_years)
WHERE r.analysis = ''
