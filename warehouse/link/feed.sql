-- What each feed is to the linkage: by its contract (link_source), and by how many of its records carry a token.
SELECT
    r.source_code, coalesce(s.window_days, 1) AS window_days, coalesce(s.has_no_doubles, FALSE) AS has_no_doubles, r.needs_token
FROM (
    SELECT source_code, count(coalesce(id_token, name_token, phone_token)) < $minimum_token_share * count(*) AS needs_token
    FROM core.record GROUP BY source_code
) AS r
LEFT JOIN link_source AS s ON s.source_code = r.source_code
