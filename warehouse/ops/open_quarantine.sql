-- What still waits for correction: since it came neither their record nor, where they bear no number of their own, a
-- file of the same name and period has come again.
WITH waiting AS (
    SELECT q.*, b.source_code, b.file_name, b.title_year, b.title_month, b.received_at
    FROM ops.quarantine q JOIN ops.batch b USING (batch_id)
    WHERE q.disposition NOT IN ('out_of_scope', 'warning') AND b.status = 'loaded'
), come AS (
    SELECT v.record_id, b.received_at FROM core.record_version v JOIN ops.batch b USING (batch_id)
    WHERE b.status = 'loaded' AND v.record_id IN (SELECT record_id FROM waiting)
    UNION ALL SELECT record_id, received_at FROM waiting
)
SELECT w.* EXCLUDE (title_year, title_month, received_at)
FROM waiting w
WHERE CASE WHEN w.record_id IS NOT NULL
      THEN NOT EXISTS (FROM come c WHERE c.record_id = w.record_id AND c.received_at > w.received_at)
      ELSE NOT EXISTS (FROM ops.batch b WHERE b.status = 'loaded' AND b.received_at > w.received_at
               AND (b.source_code, b.file_name) = (w.source_code, w.file_name)
               AND (b.title_year, b.title_month) IS NOT DISTINCT FROM (w.title_year, w.title_month)) END
