-- What moved the numerators of the yearly figures from the release before ($previous_at) to this one ($published_at).
-- A unit (child or incident) that came or went has a cause, found from what became of its records in between.
-- `decisive_change` (incident_id): incidents that differ, since then, in something that a definition asks for;
-- `timeliness` (source_code, every, months, due_days): when a feed has to report. Both are made by the publish stage.
WITH
headline AS (
    SELECT indicator_code, period::INTEGER AS year, numerator, definition_version, valid_from, valid_to
    FROM out.indicator_rate_version
    WHERE period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all')
),
-- Of a figure that a silent source hides nothing counts, though its incidents are known.
figure AS (
    SELECT indicator_code, year, b.numerator AS numerator_before, n.numerator AS numerator_now,
           b.year IS NOT NULL AND b.numerator IS NULL AS was_hidden, n.numerator IS NULL AS is_hidden,
           b.definition_version IS DISTINCT FROM n.definition_version AS is_redefined
    FROM (FROM headline WHERE valid_from < $published_at AND (valid_to IS NULL OR valid_to = $published_at)) b
    FULL JOIN (FROM headline WHERE valid_to IS NULL) n USING (indicator_code, year)
),
moved AS (
    SELECT indicator_code, year, incident_id, unit_id, 1 AS change
    FROM mart.counted_version WHERE is_in_numerator AND valid_from = $published_at
    UNION ALL
    SELECT indicator_code, year, incident_id, unit_id, -1
    FROM mart.counted_version WHERE is_in_numerator AND valid_to = $published_at
),
net AS (
    SELECT indicator_code, year, incident_id, arg_max(unit_id, change) AS unit_id, sum(change) AS change
    FROM moved GROUP BY ALL HAVING sum(change) <> 0
),
-- An incident or child that only has another name now, or another incident standing for it, neither came nor went.
renamed AS (
    SELECT n.*, CASE
               WHEN n.change > 0 THEN n.unit_id
               WHEN n.unit_id = n.incident_id THEN coalesce(a.incident_id, n.incident_id)
               ELSE coalesce(i.child_id, n.unit_id)
           END AS present_unit_id
    FROM net n
    LEFT JOIN link.incident_alias a ON a.retired_incident_id = n.incident_id
    LEFT JOIN core.incident i ON i.incident_id = coalesce(a.incident_id, n.incident_id)
),
gone_or_come AS (
    SELECT indicator_code, year, present_unit_id, sum(change)::INTEGER AS change,
           string_agg(incident_id, ',' ORDER BY incident_id) AS incidents,
           list(unit_id) AS units,
           bool_or(incident_id IN (FROM decisive_change)) AS is_decisive
    FROM renamed GROUP BY ALL HAVING sum(change) <> 0
),
-- What became of every record whose incident changed: only these can be the cause.
member_before AS (
    SELECT incident_id, child_id, unnest(string_split(members, ',')) AS member, split_part(member, ':', 1) AS record_id
    FROM core.incident_version WHERE known_from <= $previous_at AND known_to > $previous_at
),
member_now AS (
    SELECT incident_id, child_id, unnest(string_split(members, ',')) AS member, split_part(member, ':', 1) AS record_id
    FROM core.incident_version WHERE known_from > $previous_at AND known_to IS NULL
),
changed_record AS (
    SELECT record_id, b.incident_id AS incident_before, b.child_id AS child_before, n.incident_id AS incident_now, n.child_id AS child_now,
           split_part(b.member, ':', 2) AS hash_before,
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
    SELECT record_id, any_value(v.source_code) AS source_code, min(b.received_at)::DATE AS received_date,
           max(coalesce(v.event_date_to, v.reported_date)) AS event_date,
           list(left(v.content_hash, 8)) FILTER (b.status = 'withdrawn') AS withdrawn_hashes
    FROM core.record_version v JOIN ops.batch b USING (batch_id) SEMI JOIN changed_record USING (record_id)
    GROUP BY record_id
),
known_source AS (
    SELECT source_code, year(event_date_to) AS event_year
    FROM core.record ANTI JOIN (FROM changed_record WHERE fate = 'new') USING (record_id)
    WHERE event_date_to IS NOT NULL GROUP BY ALL
),
-- Records that were known once and are again, because somebody took a change back.
reinstated AS (
    SELECT split_part(unnest(string_split(members, ',')), ':', 1) AS record_id
    FROM core.incident_version
    WHERE known_to <= $previous_at AND EXISTS (FROM ops.change WHERE kind = 'undo' AND made_at > $previous_at)
),
cause AS (
    SELECT record_id, source_code, unnest([incident_before, child_before, incident_now, child_now]) AS unit_id, CASE
               WHEN fate = 'gone' THEN 'withdrawn'
               WHEN fate = 'corrected' AND list_contains(withdrawn_hashes, hash_before) THEN 'withdrawn'
               WHEN fate = 'new' AND record_id IN (FROM reinstated) THEN 'withdrawn'
               WHEN fate = 'corrected' THEN 'correction'
               WHEN fate = 'moved' THEN 'linkage'
               WHEN source_code NOT IN (SELECT source_code FROM known_source) THEN 'new_source'
               WHEN received_date < date_trunc(every, event_date) + to_months(months) + to_days(due_days) THEN 'new_event'
               WHEN (source_code, year(event_date)) NOT IN (FROM known_source) THEN 'new_source'
               ELSE 'late_record'
           END AS cause
    FROM changed_record JOIN version USING (record_id) LEFT JOIN timeliness USING (source_code)
),
-- Where several records could be the cause, the first of this order is.
ordered AS (
    SELECT *, list_position(['new_event', 'new_source', 'late_record', 'withdrawn', 'correction', 'linkage'], cause) AS place
    FROM cause
),
-- The units whose records are to be looked at: those that came or went, and those that their records were in or are in now.
related AS (
    SELECT DISTINCT unnest([incident_now, child_now, incident_before, child_before]) AS unit_id,
           unnest([incident_before, child_before, incident_now, child_now]) AS related_id
    FROM changed_record WHERE incident_before IS NOT NULL AND incident_now IS NOT NULL
),
named AS (
    SELECT indicator_code, year, present_unit_id, unnest(list_append(units, present_unit_id)) AS unit_id FROM gone_or_come
),
looked_at AS (
    FROM named
    UNION
    SELECT indicator_code, year, present_unit_id, related_id FROM named JOIN related USING (unit_id)
),
explained AS (
    SELECT indicator_code, year, present_unit_id, place, any_value(cause) AS cause,
           string_agg(DISTINCT record_id, ',' ORDER BY record_id) AS records,
           string_agg(DISTINCT source_code, ',' ORDER BY source_code) AS sources
    FROM looked_at JOIN ordered USING (unit_id)
    GROUP BY indicator_code, year, present_unit_id, place
    QUALIFY place = min(place) OVER (PARTITION BY indicator_code, year, present_unit_id)
)
SELECT $release_id AS release_id, indicator_code, year, present_unit_id AS unit_id,
       CASE WHEN f.is_redefined AND NOT g.is_decisive THEN 'definition' ELSE coalesce(e.cause, 'linkage') END AS cause,
       g.change AS numerator_change, g.incidents, e.records, e.sources
FROM gone_or_come g JOIN figure f USING (indicator_code, year) LEFT JOIN explained e USING (indicator_code, year, present_unit_id)
WHERE NOT f.was_hidden AND NOT f.is_hidden
UNION ALL
SELECT $release_id, indicator_code, year, NULL, CASE WHEN was_hidden THEN 'new_source' ELSE 'withdrawn' END,
       (coalesce(numerator_now, 0) - coalesce(numerator_before, 0))::INTEGER, NULL, NULL, NULL
FROM figure
WHERE (was_hidden OR is_hidden) AND coalesce(numerator_now, 0) <> coalesce(numerator_before, 0)
ORDER BY ALL
