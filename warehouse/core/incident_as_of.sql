-- The incidents as they were known at a moment.
SELECT * FROM core.incident_version
WHERE known_from <= moment::TIMESTAMP AND (known_to IS NULL OR known_to > moment::TIMESTAMP)
