-- The records that hold: of every record the version that is neither duplicate, superseded nor withdrawn.
SELECT * EXCLUDE (disposition, victim_number, sheet)
FROM core.record_version
WHERE disposition = 'loaded'
