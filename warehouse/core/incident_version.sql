-- The renewed incidents as they are now, with the records that they are made of.
WITH member AS (
    SELECT incident_id, list(record_id || ':' || left(content_hash, 8)) AS members
    FROM link.member JOIN link_renewed USING (incident_id) JOIN core.record USING (record_id)
    GROUP BY incident_id
)
SELECT i.*, array_to_string(list_sort(members), ',') AS members FROM core.incident i JOIN member USING (incident_id)
