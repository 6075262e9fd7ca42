-- Batches of whose content nothing was left, and since when.
SELECT k.batch_id, min(c.made_at) AS erased_at
FROM ops.change_batch AS k JOIN ops.change AS c USING (change_id)
WHERE c.kind = 'erase'
GROUP BY k.batch_id
