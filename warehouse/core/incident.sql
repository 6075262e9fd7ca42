-- The incidents as they are: of every incident the version that still stands.
SELECT * EXCLUDE (members, known_from, known_to)
FROM core.incident_version
WHERE known_to IS NULL
