-- The records of the touched components with their incidents. An incident is named after its anchor, the member that
-- was reported first (then the smallest record id): neither the order of arrival nor a later report can rename it.
WITH
record AS (
    SELECT
        l.key, l.record_id, l.link_hash,
        concat(coalesce(CAST(l.reported_date AS VARCHAR), '9999-12-31'), l.record_id) AS seniority,
        coalesce(c.component, l.key) AS component_key,
        coalesce(g.strict, l.key) AS strict, coalesce(g.adopted, l.key) AS adopted, coalesce(g.loose, l.key) AS loose
    FROM link_affected AS a
    JOIN link_linkable AS l ON l.key = a.key
    LEFT JOIN link_component AS c ON c.key = a.key
    LEFT JOIN link_group AS g ON g.key = a.key
),
strict_anchor AS (SELECT strict, substr(min(seniority), 11) AS anchor FROM record GROUP BY strict HAVING count(*) > 1),
adopted_anchor AS (SELECT adopted, substr(min(seniority), 11) AS anchor FROM record GROUP BY adopted HAVING count(*) > 1),
loose_anchor AS (SELECT loose, substr(min(seniority), 11) AS anchor FROM record GROUP BY loose HAVING count(*) > 1),
anchored AS (
    SELECT
        record.*,
        coalesce(s.anchor, record_id) AS strict_anchor,
        coalesce(a.anchor, record_id) AS anchor,
        coalesce(l.anchor, record_id) AS loose_anchor
    FROM record
    LEFT JOIN strict_anchor AS s ON s.strict = record.strict
    LEFT JOIN adopted_anchor AS a ON a.adopted = record.adopted
    LEFT JOIN loose_anchor AS l ON l.loose = record.loose
),
named AS (
    SELECT *, substr(sha256(anchor), 1, 16) AS incident_id FROM anchored
)
SELECT
    named.key, record_id, link_hash, seniority, component_key, adopted, incident_id,
    CASE WHEN strict_anchor = anchor THEN incident_id ELSE substr(sha256(strict_anchor), 1, 16) END AS strict_incident_id,
    CASE WHEN loose_anchor = anchor THEN incident_id ELSE substr(sha256(loose_anchor), 1, 16) END AS loose_incident_id,
    t.tie_key, t.tie_centibits, p.rule AS tie_rule
FROM named
LEFT JOIN link_tie AS t ON t.key = named.key
LEFT JOIN link.pair AS p ON p.left_key = least(named.key, t.tie_key) AND p.right_key = greatest(named.key, t.tie_key)
