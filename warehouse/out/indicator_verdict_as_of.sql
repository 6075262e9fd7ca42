-- The verdicts that were published at a moment.
SELECT * FROM out.indicator_verdict_version
WHERE valid_from <= moment::TIMESTAMP AND (valid_to IS NULL OR valid_to > moment::TIMESTAMP)
