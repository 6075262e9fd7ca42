-- Records whose incident has another name than before this run, and why.
WITH
moved AS (
    SELECT b.record_id, b.incident_id AS old_incident_id, m.incident_id AS new_incident_id
    FROM link_before AS b LEFT JOIN link_kept AS m ON m.record_id = b.record_id
),
old AS (
    SELECT old_incident_id, count(DISTINCT new_incident_id) AS parts FROM moved GROUP BY old_incident_id
),
new AS (
    SELECT new_incident_id, count(DISTINCT old_incident_id) AS parts FROM moved GROUP BY new_incident_id
)
SELECT
    $changed_by AS changed_by, record_id, old_incident_id, new_incident_id,
    CASE
        WHEN new_incident_id IS NULL THEN 'withdrawn'
        WHEN $is_new_model THEN 'model'
        WHEN old.parts > 1 THEN 'split'
        WHEN new.parts > 1 THEN 'merge'
        ELSE 'rename'
    END AS cause
FROM moved LEFT JOIN old USING (old_incident_id) LEFT JOIN new USING (new_incident_id)
WHERE old_incident_id IS DISTINCT FROM new_incident_id
