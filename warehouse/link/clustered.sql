-- The records of the touched components with their incidents. An incident is named after its anchor, the member that
-- was reported first (then the smallest record id): neither the order of arrival nor a later report can rename it.
WITH named AS (
    SELECT *, substr(sha256(adopted), 1, 16) AS incident_id FROM link_grouped
)
SELECT
    key, record_id, component_key, incident_id, tie_key, tie_centibits, tie_rule,
    CASE WHEN strict = adopted THEN incident_id ELSE substr(sha256(strict), 1, 16) END AS strict_incident_id,
    CASE WHEN loose = adopted THEN incident_id ELSE substr(sha256(loose), 1, 16) END AS loose_incident_id
FROM named
