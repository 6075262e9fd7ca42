SELECT
    incident_id,
    -- mostly the incident itself, of which nothing need be counted
    CAST(
        count(DISTINCT strict_incident_id) FILTER (strict_incident_id <> incident_id)
        + CAST(bool_or(strict_incident_id = incident_id) AS INTEGER) AS INTEGER
    ) AS strict_incidents,
    min(loose_incident_id) AS loose_incident_id
FROM link.member JOIN link_renewed USING (incident_id)
GROUP BY incident_id
