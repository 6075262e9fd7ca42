-- The figures by dimension that were published at a moment, of the years that were over by then.
SELECT * FROM out.indicator_cube_version
WHERE valid_from <= moment::TIMESTAMP AND (valid_to IS NULL OR valid_to > moment::TIMESTAMP)
