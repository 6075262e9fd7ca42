-- Tokens that stand for more people than a token can: placeholders, a clinic's own telephone. They say nothing.
-- Few can be that at all (link_suspect): only these have their people counted.
SELECT 'id_token' AS kind, id_token AS token, CAST(count(DISTINCT (sex, birth_month)) AS INTEGER) AS persons
FROM core.record
WHERE id_token IN (SELECT token FROM link_suspect WHERE kind = 'id_token')
GROUP BY id_token HAVING count(DISTINCT (sex, birth_month)) > $id_token
UNION ALL
SELECT 'name_token' AS kind, name_token AS token, CAST(count(DISTINCT (sex, birth_month)) AS INTEGER) AS persons
FROM core.record
WHERE name_token IN (SELECT token FROM link_suspect WHERE kind = 'name_token')
GROUP BY name_token HAVING count(DISTINCT (sex, birth_month)) > $name_token
UNION ALL
SELECT 'phone_token' AS kind, phone_token AS token, CAST(count(DISTINCT (sex, birth_month)) AS INTEGER) AS persons
FROM core.record
WHERE phone_token IN (SELECT token FROM link_suspect WHERE kind = 'phone_token')
GROUP BY phone_token HAVING count(DISTINCT (sex, birth_month)) > $phone_token
UNION ALL
SELECT 'case_token' AS kind, case_token AS token, CAST(count(DISTINCT (sex, birth_month)) AS INTEGER) AS persons
FROM core.record
WHERE case_token IN (SELECT token FROM link_suspect WHERE kind = 'case_token')
GROUP BY case_token HAVING count(DISTINCT (sex, birth_month)) > $case_token
