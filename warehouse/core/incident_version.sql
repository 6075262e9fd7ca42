-- The renewed incidents as they are now, with the records that they are made of: mostly one, of which nothing need be listed.
WITH
told AS (
    SELECT k.incident_id, k.records, k.record_id || ':' || left(l.link_hash, 8) AS member  -- begins with the content's
    FROM link_kept AS k JOIN link.linkable AS l ON l.key = k.key
),
made AS (
    SELECT incident_id, member AS members FROM told WHERE records = 1
    UNION ALL
    SELECT incident_id, string_agg(member, ',' ORDER BY member) AS members FROM told WHERE records > 1 GROUP BY incident_id
)
SELECT i.*, m.members FROM core.incident AS i JOIN made AS m ON m.incident_id = i.incident_id
