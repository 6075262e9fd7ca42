-- Members of the touched children: linked anew where their component was touched, else as they were.
SELECT
    k.record_id, k.key AS record_key, k.incident_id, k.child_id,
    coalesce(c.component_key, m.component_key) AS component_key,
    CASE WHEN c.key IS NULL THEN m.tie_key ELSE c.tie_key END AS tie_key,
    CASE WHEN c.key IS NULL THEN m.tie_centibits ELSE c.tie_centibits END AS tie_centibits,
    CASE WHEN c.key IS NULL THEN m.tie_rule ELSE c.tie_rule END AS tie_rule
FROM link_kept AS k
LEFT JOIN link_clustered AS c ON c.key = k.key
LEFT JOIN link.member AS m ON m.record_key = k.key
