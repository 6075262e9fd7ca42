-- Into how many an incident of the touched components falls if linked strictly, and of which it is a part if linked loosely.
WITH named AS (
    SELECT *, substr(sha256(anchor), 1, 16) AS incident_id FROM link_bounds
)
SELECT
    incident_id, strict_incidents,
    CASE WHEN loose_anchor = anchor THEN incident_id ELSE substr(sha256(loose_anchor), 1, 16) END AS loose_incident_id
FROM named
