-- The records of link_wanted as the comparison needs them: tokens as integers, stop tokens removed, dates as day numbers,
-- unknown as NULL.
-- `key` orders and joins records: it depends on the record alone, never on the order of arrival or on an engine.
WITH
dated AS (
    SELECT
        r.*,
        f.window_days, f.has_no_doubles, f.needs_token, h.district AS home_district, d.decisions,
        CASE WHEN i.token IS NULL THEN r.id_token END AS valid_id_token,
        CASE WHEN n.token IS NULL THEN r.name_token END AS valid_name_token,
        CASE WHEN p.token IS NULL THEN r.phone_token END AS valid_phone_token,
        CASE WHEN c.token IS NULL THEN r.case_token END AS valid_case_token,
        CAST(date_diff('day', DATE '1970-01-01', coalesce(event_date_from, reported_date - 30)) AS INTEGER) AS day_from,
        CAST(date_diff('day', DATE '1970-01-01', coalesce(event_date_to, reported_date)) AS INTEGER) AS day_to,
        CAST(date_diff('day', DATE '1970-01-01', CASE WHEN is_death THEN coalesce(death_date, event_date_from) END) AS INTEGER) AS death_from,
        CAST(date_diff('day', DATE '1970-01-01', CASE WHEN is_death THEN coalesce(death_date, event_date_to) END) AS INTEGER) AS death_to,
        coalesce(date_precision IN ('minute', 'hour', 'day') AND event_date_from = event_date_to, FALSE) AS is_exact,
        -- unless the report came with it, or tells the hour
        day(event_date_from) = 1 AND coalesce(event_hour, 0) = 0
            AND coalesce(reported_date, event_date_from + 30) > event_date_from + 2 AS is_first_of_month,
        year(birth_month) * 12 + month(birth_month) - 1 AS birth_months
    FROM link_wanted AS r
    JOIN link_feed AS f ON f.source_code = r.source_code
    LEFT JOIN link_home AS h ON h.institution_id = r.institution_id
    LEFT JOIN link_said AS d ON d.record_id = r.record_id
    LEFT JOIN link.stop_token AS i ON i.kind = 'id_token' AND i.token = r.id_token
    LEFT JOIN link.stop_token AS n ON n.kind = 'name_token' AND n.token = r.name_token
    LEFT JOIN link.stop_token AS p ON p.kind = 'phone_token' AND p.token = r.phone_token
    LEFT JOIN link.stop_token AS c ON c.kind = 'case_token' AND c.token = r.case_token
),
known AS (
    SELECT
        CAST('0x' || substr(md5(d.record_id), 1, 15) AS BIGINT) AS key,
        d.record_id, d.look, d.decisions, d.reported_date,
        d.source_code, d.institution_id,
        CASE
            WHEN d.source_code IN ('school', 'kindergarten', 'nursery') THEN 'school'
            WHEN d.source_code IN ('police', 'procuratorate', 'court') THEN 'justice'
            ELSE d.source_code
        END AS source_group, d.window_days, d.has_no_doubles, d.needs_token,
        CAST('0x' || substr(md5(d.valid_id_token), 1, 15) AS BIGINT) AS id_token,
        CAST('0x' || substr(md5(d.valid_name_token), 1, 15) AS BIGINT) AS name_token,
        CAST('0x' || substr(md5(d.valid_phone_token), 1, 15) AS BIGINT) AS phone_token,
        CAST('0x' || substr(md5(d.valid_case_token), 1, 15) AS BIGINT) AS case_token,
        d.sex,
        CAST(d.birth_months AS INTEGER) AS birth_month,
        CAST(coalesce(d.age_years, (year(d.event_date_from) * 12 + month(d.event_date_from) - 1 - d.birth_months) // 12)
            AS INTEGER) AS age,
        d.township_code AS township,
        coalesce(substr(d.township_code, 1, 6), d.home_district) AS district,
        d.day_from, d.day_to, d.day_to - d.day_from AS width_days, d.is_exact, d.event_hour,
        d.day_from - CASE WHEN d.is_exact THEN 0 END AS exact_day,
        coalesce(d.date_precision = 'unknown', TRUE) AS is_undated,
        CAST(year(d.event_date_from) * 12 + month(d.event_date_from) AS INTEGER) AS month,
        d.is_first_of_month,
        -- exact dates stray by a day or two, and the first of a month may stand for any of its days
        CASE WHEN d.is_exact THEN d.day_from - 2 ELSE greatest(d.day_from, d.day_to - 62) END AS near_from,
        d.day_to + CASE WHEN NOT d.is_exact THEN 0 WHEN d.is_first_of_month THEN 30 ELSE 2 END AS near_to,
        coalesce(d.is_death, FALSE) AS is_death,
        d.death_from, d.death_to,
        coalesce(d.is_death AND (d.date_precision = 'unknown' OR d.day_to = d.death_to AND d.source_code <> 'hospital'), FALSE)
            AS event_is_death,
        nullif(d.mechanism, 'unknown') AS mechanism,
        nullif(d.place, 'unknown') AS place,
        nullif(d.nature, 'unknown') AS nature,
        nullif(d.body_part, 'unknown') AS body_part,
        d.intent,
        d.severity,
        CASE
            WHEN d.mechanism IN ('motor_vehicle_crash', 'nonmotor_vehicle_crash') THEN 'traffic'
            WHEN d.mechanism IN ('fall', 'blunt_force') THEN 'impact'
            WHEN d.mechanism NOT IN ('unknown', 'other') THEN d.mechanism
        END AS mechanism_group,
        CASE
            WHEN d.mechanism = 'fall' THEN 0
            WHEN d.mechanism IN ('blunt_force', 'animal', 'motor_vehicle_crash', 'burn_scald', 'sharp_force') THEN 1
            WHEN d.mechanism IN ('nonmotor_vehicle_crash', 'poisoning', 'suffocation_hanging', 'other') THEN 2
            ELSE 3
        END AS mechanism_rarity,
        coalesce(d.mechanism = 'burn_scald' AND d.nature = 'burn'
            OR d.mechanism IN ('animal', 'sharp_force', 'firearm') AND d.nature = 'open_wound_bite'
            OR d.mechanism IN ('poisoning', 'drowning', 'suffocation_hanging', 'sexual_assault') AND d.nature = 'other', FALSE)
            AS nature_is_typical,
        coalesce(d.mechanism IN ('motor_vehicle_crash', 'nonmotor_vehicle_crash') AND d.place = 'street_highway', FALSE)
            AS place_is_typical,
        coalesce(d.outcome = 'transferred', FALSE) AS is_sent_on,
        coalesce(d.severity = 'severe' OR d.care_level IN ('inpatient', 'observation')
            OR d.outcome IN ('hospitalised', 'transferred', 'observation'), FALSE) AS is_grave,
        coalesce(d.offence IN ('abuse_family', 'abuse_caregiver', 'adm_abuse'), FALSE)
            OR coalesce(d.intent = 'assault' AND d.perpetrator_relation IN ('parent_guardian', 'other_family'), FALSE)
            AS is_abuse
    FROM dated AS d
)
-- how far back a token may connect: a register often states the day of death for that of the injury, which may lie a
-- year before; and an undated report may be late
SELECT *, least(day_from, CASE WHEN event_is_death THEN death_from - 365 WHEN is_undated THEN day_to - 400 END) AS reach_from
FROM known
