-- Every value of a contested field, the chosen one and what decided between it and the next best.
WITH
value AS (
    SELECT
        incident_id, field, value, min(rule) AS field_rule,
        CAST(count(*) AS INTEGER) AS reports,
        bit_or(source_bit) AS source_bits,
        min(weight) AS weight, min(source_place) AS source_place, min(seniority) AS seniority,
        bool_and(would_hide_violence) AS would_hide_violence
    FROM link_claim
    GROUP BY incident_id, field, value
),
ranked AS (
    SELECT
        *,
        row_number() OVER best AS place,
        lead(would_hide_violence) OVER best AS next_would_hide_violence,
        lead(weight) OVER best AS next_weight,
        lead(reports) OVER best AS next_reports,
        lead(source_place) OVER best AS next_source_place
    FROM value
    WINDOW best AS (
        PARTITION BY incident_id, field
        ORDER BY would_hide_violence, weight, reports DESC, source_place, CASE WHEN field = 'event_date' THEN value END, seniority
    )
),
decided AS (
    SELECT incident_id, field, CASE
        WHEN would_hide_violence <> next_would_hide_violence THEN 'violence_kept'
        WHEN weight <> next_weight THEN CASE WHEN field_rule = 'highest' THEN 'highest' ELSE 'authority' END
        WHEN reports <> next_reports THEN 'most_reports'
        WHEN source_place <> next_source_place THEN 'source_priority'
        ELSE 'earliest'
    END AS rule
    FROM ranked WHERE place = 1
)
SELECT r.incident_id, r.field, r.value, r.reports, r.source_bits, r.place = 1 AS is_chosen, d.rule
FROM ranked AS r JOIN decided AS d ON d.incident_id = r.incident_id AND d.field = r.field
