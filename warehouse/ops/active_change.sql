-- The changes in force. Every undo, also that of an undo, turns the change it ends up at from in force to void or back.
SELECT *
FROM ops.change AS c
WHERE kind <> 'undo' AND (SELECT count(*) FROM ops.change AS u WHERE u.turns = c.change_id) % 2 = 0
