-- What the reviewers' decisions say about each record, as one text that changes with any of them.
SELECT record_id, string_agg(concat(other, decision), ',' ORDER BY other, decision) AS decisions
FROM (
    SELECT left_record_id AS record_id, right_record_id AS other, decision FROM link_decided
    UNION ALL
    SELECT right_record_id, left_record_id, decision FROM link_decided
) AS decided
GROUP BY record_id
