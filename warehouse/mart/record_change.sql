-- Why an incident or a child may count otherwise at $to_at than at $from_at: what became of the records that it was or is made of.
-- One row per unit (incident or child): the first cause in the order below, with the records to which it applies.
-- `timeliness` (source_code, every, months, due_days), when a feed has to report, is offered by whoever asks.
WITH
before AS (
    FROM core.incident_version WHERE known_from <= $from_at AND known_to > $from_at AND known_to <= $to_at
),
now AS (
    FROM core.incident_version WHERE known_from > $from_at AND known_from <= $to_at AND (known_to IS NULL OR known_to > $to_at)
),
member_before AS (
    SELECT incident_id, child_id, unnest(string_split(members, ',')) AS member, split_part(member, ':', 1) AS record_id FROM before
),
member_now AS (
    SELECT incident_id, child_id, unnest(string_split(members, ',')) AS member, split_part(member, ':', 1) AS record_id FROM now
),
-- A record that the system held before in just this content, but not at $from_at: somebody took a change back.
held_before AS (
    SELECT DISTINCT unnest(string_split(members, ',')) AS member FROM core.incident_version WHERE known_to <= $from_at
),
changed_record AS (
    SELECT record_id, b.incident_id AS incident_before, b.child_id AS child_before, n.incident_id AS incident_now, n.child_id AS child_now,
           split_part(b.member, ':', 2) AS hash_before, split_part(n.member, ':', 2) AS hash_now,
           n.member IN (FROM held_before) AS is_put_back,
           CASE
               WHEN b.record_id IS NULL THEN 'new'
               WHEN n.record_id IS NULL THEN 'gone'
               WHEN b.member <> n.member THEN 'corrected'
               ELSE 'moved'
           END AS fate
    FROM member_before b FULL JOIN member_now n USING (record_id)
    WHERE (b.incident_id, b.child_id, b.member) IS DISTINCT FROM (n.incident_id, n.child_id, n.member)
),
version AS (
    SELECT record_id, any_value(v.source_code) AS source_code, min(b.received_at) AS received_at,
           max(coalesce(v.event_date_to, v.reported_date)) AS event_date,
           min(b.received_at) FILTER (left(v.content_hash, 8) = hash_before) AS said_before_at,
           min(b.received_at) FILTER (left(v.content_hash, 8) = hash_now) AS said_now_at
    FROM changed_record JOIN core.record_version v USING (record_id) JOIN ops.batch b USING (batch_id)
    GROUP BY record_id
),
known_source AS (
    SELECT event_year, unnest(string_split(sources, ',')) AS source_code
    FROM (SELECT DISTINCT event_year, sources FROM core.incident_version
          WHERE known_from <= $from_at AND (known_to IS NULL OR known_to > $from_at))
),
cause AS (
    SELECT record_id, source_code, unnest([incident_before, child_before, incident_now, child_now]) AS unit_id, CASE
               WHEN fate = 'gone' THEN 'withdrawn'
               WHEN fate IN ('new', 'corrected') AND is_put_back THEN 'withdrawn'
               WHEN fate = 'corrected' AND said_now_at < said_before_at THEN 'withdrawn'  -- an older content holds again
               WHEN fate = 'corrected' THEN 'correction'
               WHEN fate = 'moved' THEN 'linkage'
               WHEN source_code NOT IN (SELECT source_code FROM known_source) THEN 'new_source'
               WHEN received_at::DATE < date_trunc(every, event_date) + to_months(months) + to_days(due_days) THEN 'new_event'
               WHEN (source_code, year(event_date)) NOT IN (SELECT (source_code, event_year) FROM known_source) THEN 'new_source'
               ELSE 'late_record'
           END AS cause
    FROM changed_record JOIN version USING (record_id) LEFT JOIN timeliness USING (source_code)
),
ordered AS (
    SELECT *, list_position(['new_event', 'new_source', 'late_record', 'withdrawn', 'correction', 'linkage'], cause) AS place
    FROM cause
),
-- A unit may also count otherwise for what happened to the units that its records were in or are in now.
related AS (
    SELECT DISTINCT unnest([incident_now, child_now, incident_before, child_before]) AS unit_id,
           unnest([incident_before, child_before, incident_now, child_now]) AS related_id
    FROM changed_record WHERE incident_before IS NOT NULL AND incident_now IS NOT NULL
),
looked_at AS (
    SELECT unit_id, unit_id AS related_id FROM ordered
    UNION
    FROM related
)
SELECT l.unit_id, place, any_value(cause) AS cause, list_sort(list(DISTINCT record_id)) AS records,
       list_sort(list(DISTINCT source_code)) AS sources
FROM looked_at l JOIN ordered o ON o.unit_id = l.related_id
WHERE l.unit_id IS NOT NULL
GROUP BY l.unit_id, place
QUALIFY place = min(place) OVER (PARTITION BY l.unit_id)
