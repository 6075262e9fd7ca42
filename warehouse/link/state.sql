-- The current records with what each is to the linkage: `link_hash` covers whatever could change its links or its incident's values,
-- so a record whose hash is not the one it was linked by last is dirty. `voided`: its tokens that are stop tokens.
WITH
token_poor AS (
    SELECT source_code FROM core.record GROUP BY source_code
    HAVING count(coalesce(id_token, name_token, phone_token)) < $minimum_token_share * count(*)
),
-- the district from which more than half of an institution's records are: that of its records without a township. Of a
-- hospital for several districts none is, lest a few new records move all its others to another district.
home AS (
    SELECT institution_id, district
    FROM (
        SELECT
            institution_id, substr(township_code, 1, 6) AS district, count(*) AS records,
            sum(count(*)) OVER (PARTITION BY institution_id) AS records_of_institution
        FROM core.record WHERE township_code IS NOT NULL
        GROUP BY institution_id, substr(township_code, 1, 6)
    ) AS counted
    WHERE records * 2 > records_of_institution
),
decision AS (
    SELECT record_id, string_agg(concat(other, decision), ',' ORDER BY other, decision) AS decisions
    FROM (
        SELECT left_record_id AS record_id, right_record_id AS other, decision FROM link_decided
        UNION ALL
        SELECT right_record_id, left_record_id, decision FROM link_decided
    ) AS decided
    GROUP BY record_id
),
known AS (
    SELECT
        r.*, d.decisions,
        concat(
            CASE WHEN i.token IS NOT NULL THEN 'i' END, CASE WHEN n.token IS NOT NULL THEN 'n' END,
            CASE WHEN p.token IS NOT NULL THEN 'p' END, CASE WHEN c.token IS NOT NULL THEN 'c' END
        ) AS voided,
        coalesce(s.window_days, 1) AS window_days,
        coalesce(s.has_no_doubles, FALSE) AS has_no_doubles,
        token_poor.source_code IS NOT NULL AS needs_token,
        CASE WHEN r.township_code IS NULL THEN h.district END AS home_district
    FROM core.record AS r
    LEFT JOIN link_source AS s ON s.source_code = r.source_code
    LEFT JOIN token_poor ON token_poor.source_code = r.source_code
    LEFT JOIN home AS h ON h.institution_id = r.institution_id
    LEFT JOIN decision AS d ON d.record_id = r.record_id
    LEFT JOIN link.stop_token AS i ON i.kind = 'id_token' AND i.token = r.id_token
    LEFT JOIN link.stop_token AS n ON n.kind = 'name_token' AND n.token = r.name_token
    LEFT JOIN link.stop_token AS p ON p.kind = 'phone_token' AND p.token = r.phone_token
    LEFT JOIN link.stop_token AS c ON c.kind = 'case_token' AND c.token = r.case_token
)
SELECT
    * EXCLUDE (decisions),
    concat_ws(
        '|', content_hash, window_days, voided,
        CASE WHEN has_no_doubles THEN 'd' END, CASE WHEN needs_token THEN 't' END, home_district, decisions
    ) AS link_hash
FROM known
