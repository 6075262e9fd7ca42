-- The figures of a year as an edition froze them.
SELECT e.edition_id, v.* EXCLUDE (valid_from, valid_to), e.release_id
FROM ops.edition e JOIN ops.release r USING (release_id)
JOIN out.indicator_rate_version v ON left(v.period, 4) = e.year::VARCHAR
     AND v.valid_from <= r.published_at AND (v.valid_to IS NULL OR v.valid_to > r.published_at)
WHERE e.edition_id = edition
