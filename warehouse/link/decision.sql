-- What the reviewers' decisions say about pairs of records. The newest of a pair holds and is followed to its
-- consequences: the same as the same is the same, and different from the one is different from all that are the same.
WITH RECURSIVE
holding AS (
    SELECT left_record_id, right_record_id, arg_max(decision, adjudication_id) AS decision
    FROM link.adjudication GROUP BY left_record_id, right_record_id
),
same AS (
    SELECT left_record_id AS record_id, right_record_id AS other FROM holding WHERE decision = 'same'
    UNION ALL
    SELECT right_record_id, left_record_id FROM holding WHERE decision = 'same'
),
together AS (
    SELECT left_record_id AS record_id, left_record_id AS other FROM holding
    UNION
    SELECT right_record_id, right_record_id FROM holding
    UNION
    SELECT t.record_id, s.other FROM together AS t JOIN same AS s ON s.record_id = t.other
),
followed AS (
    SELECT record_id, other, 'same' AS decision FROM together
    UNION ALL
    SELECT l.other, r.other, h.decision
    FROM holding AS h
    JOIN together AS l ON l.record_id = h.left_record_id
    JOIN together AS r ON r.record_id = h.right_record_id
    WHERE h.decision = 'different'
)
SELECT least(record_id, other) AS left_record_id, greatest(record_id, other) AS right_record_id, min(decision) AS decision
FROM followed
WHERE record_id <> other
GROUP BY 1, 2
