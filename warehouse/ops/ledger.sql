-- For every batch of a source: what became of each received row. `exploded` are the victims after the first of a row, counted from
-- what was stored, so that a row lost or invented between two stages leaves the books unbalanced.
WITH batch AS (
    FROM ops.batch WHERE source_code = $source
), stored AS (
    SELECT batch_id, sheet, row_number, victim_number, disposition FROM core.record_version SEMI JOIN batch USING (batch_id)
    UNION ALL
    SELECT batch_id, sheet, row_number, victim_number, disposition FROM ref.population_version SEMI JOIN batch USING (batch_id)
), refused_row AS (
    SELECT batch_id, sheet, row_number, victim_number, min(disposition) AS disposition
    FROM ops.quarantine SEMI JOIN batch USING (batch_id) WHERE disposition IN ('quarantined', 'out_of_scope') GROUP BY ALL
), dealt AS (
    SELECT * FROM stored UNION ALL SELECT * FROM refused_row
), counted AS (
    SELECT batch_id,
           count(*) FILTER (victim_number > 1) AS exploded,
           count(*) FILTER (disposition = 'out_of_scope') AS out_of_scope,
           count(*) FILTER (disposition = 'quarantined') AS quarantined,
           count(*) FILTER (disposition = 'duplicate') AS duplicate,
           count(*) FILTER (disposition = 'superseded') AS superseded,
           count(*) FILTER (disposition = 'withdrawn') AS withdrawn,
           count(*) FILTER (disposition = 'loaded') AS loaded
    FROM dealt GROUP BY batch_id
), booked AS (
    SELECT b.batch_id, b.source_code,
           -- a file that came before, byte for byte, is not read again: it has the rows of its first copy
           coalesce(b.rows_received, CASE WHEN b.status = 'identical' THEN max(b.rows_received) OVER (PARTITION BY b.sha256) END, 0)
               AS rows_received,
           coalesce(b.rows_unreadable, 0) AS unreadable,
           b.status = 'loaded' AS is_dealt,
           b.status = 'withdrawn' AS is_withdrawn,
           CASE WHEN b.status IN ('refused', 'unreadable') THEN coalesce(b.rows_received, 0) ELSE 0 END AS refused,
           CASE WHEN b.status IN ('held', 'taken', 'guarded', 'recoded', 'checked') THEN coalesce(b.rows_received, 0) - coalesce(b.rows_unreadable, 0) ELSE 0 END AS held,
           b.status = 'identical' AS is_identical,
           c.* EXCLUDE (batch_id)
    FROM batch b LEFT JOIN counted c USING (batch_id)
), ledger AS (
    SELECT batch_id, source_code, rows_received,
           CASE WHEN is_dealt THEN coalesce(exploded, 0) ELSE 0 END AS exploded,
           refused,
           CASE WHEN is_dealt OR held > 0 THEN unreadable ELSE 0 END AS unreadable,
           CASE WHEN is_dealt THEN coalesce(out_of_scope, 0) ELSE 0 END AS out_of_scope,
           CASE WHEN is_dealt THEN coalesce(quarantined, 0) ELSE 0 END AS quarantined,
           held,
           CASE WHEN is_identical THEN rows_received ELSE 0 END + CASE WHEN is_dealt THEN coalesce(duplicate, 0) ELSE 0 END AS duplicate,
           CASE WHEN is_dealt THEN coalesce(superseded, 0) ELSE 0 END AS superseded,
           CASE WHEN is_withdrawn THEN rows_received WHEN is_dealt THEN coalesce(withdrawn, 0) ELSE 0 END AS withdrawn,
           CASE WHEN is_dealt THEN coalesce(loaded, 0) ELSE 0 END AS loaded
    FROM booked
)
SELECT *, rows_received + exploded
          = refused + unreadable + out_of_scope + quarantined + held + duplicate + superseded + withdrawn + loaded
       AS is_balanced
FROM ledger
ORDER BY batch_id
