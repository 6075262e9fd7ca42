SELECT
    incident_id,
    CAST(count(DISTINCT strict_incident_id) AS INTEGER) AS strict_incidents,
    min(loose_incident_id) AS loose_incident_id
FROM link.member JOIN link_renewed USING (incident_id)
GROUP BY incident_id
