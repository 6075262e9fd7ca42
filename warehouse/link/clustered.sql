-- The records of the touched components with their incidents. An incident is named after its anchor, the member that
-- was reported first (then the smallest record id): neither the order of arrival nor a later report can rename it.
SELECT number, key, record_id, component_key, substr(sha256(anchor), 1, 16) AS incident_id, tie_key, tie_centibits, tie_rule
FROM link_grouped
