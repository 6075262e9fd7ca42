-- One row for each incident that analysts are shown.
SELECT * EXCLUDE (alike, again) FROM (SELECT *, unnest(range(alike)) AS again FROM out.incident_alike)
