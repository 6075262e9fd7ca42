-- Every incident id that was ever given and is no more, with the incident that holds most of its records now.
WITH
moved AS (
    SELECT b.incident_id AS retired_incident_id, m.incident_id, count(m.record_id) AS records
    FROM link_before AS b LEFT JOIN link_kept AS m ON m.record_id = b.record_id
    GROUP BY b.incident_id, m.incident_id
),
heir AS (
    SELECT retired_incident_id, incident_id
    FROM (
        SELECT *, row_number() OVER (PARTITION BY retired_incident_id ORDER BY records DESC, incident_id) AS place
        FROM moved
    ) AS ranked
    WHERE place = 1
),
known AS (
    SELECT a.retired_incident_id, CASE WHEN h.retired_incident_id IS NULL THEN a.incident_id ELSE h.incident_id END AS incident_id
    FROM link.incident_alias AS a LEFT JOIN heir AS h ON h.retired_incident_id = a.incident_id
    UNION ALL
    SELECT retired_incident_id, incident_id FROM heir
)
SELECT retired_incident_id, max(incident_id) AS incident_id
FROM known
WHERE NOT EXISTS (SELECT 1 FROM core.incident AS i WHERE i.incident_id = retired_incident_id)
GROUP BY retired_incident_id
