-- From every figure to the rows of the files behind it: one row per indicator, incident, record and version of the record.
-- The column `numerator` adds up to the figure: it is 1 on one row of every incident that stands in the numerator.
WITH chosen AS (
    SELECT incident_id, string_agg(field || '=' || value || ' (' || rule || ')', ', ' ORDER BY field) AS golden_rules
    FROM link.golden_field WHERE is_chosen GROUP BY incident_id
)
SELECT c.indicator_code, c.year, c.definition_version,
       (c.is_in_numerator AND 1 = row_number() OVER (
            PARTITION BY c.indicator_code, c.year, c.incident_id
            ORDER BY v.disposition <> 'loaded', v.record_id, v.batch_id, v.sheet, v.row_number, v.victim_number))::INTEGER AS numerator,
       c.incident_id, c.child_id, c.counted_date, c.sex, c.age_group, c.township_code,
       v.record_id, v.source_code, v.disposition, v.flags, g.golden_rules, m.tie_rule, m.tie_centibits,
       v.batch_id, b.file_name, v.sheet, v.row_number, v.victim_number, b.sha256, b.received_at
FROM mart.counted c
JOIN link.member m USING (incident_id)
JOIN core.record_version v USING (record_id)
JOIN ops.batch b USING (batch_id)
LEFT JOIN chosen g USING (incident_id)
