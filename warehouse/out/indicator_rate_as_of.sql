-- The figures that were published at a moment, each with the definition by which it was counted then.
WITH published AS (
    SELECT release_id, data_as_of FROM ops.release WHERE published_at <= moment::TIMESTAMP
    ORDER BY published_at DESC LIMIT 1
)
SELECT v.* EXCLUDE (valid_from, valid_to), p.release_id, p.data_as_of, v.valid_from, v.valid_to,
       d.definition_zh, d.definition_en
FROM out.indicator_rate_version v CROSS JOIN published p
LEFT JOIN ref.definition_version d USING (indicator_code, definition_version)
WHERE v.valid_from <= moment::TIMESTAMP AND (v.valid_to IS NULL OR v.valid_to > moment::TIMESTAMP)
