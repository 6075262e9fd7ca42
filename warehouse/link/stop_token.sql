-- Tokens that stand for more people than a token can: placeholders, a clinic's own telephone. They say nothing.
WITH
token AS (
    SELECT 'id_token' AS kind, id_token AS token, sex, birth_month, $id_token AS persons_allowed FROM core.record
    UNION ALL
    SELECT 'name_token', name_token, sex, birth_month, $name_token FROM core.record
    UNION ALL
    SELECT 'phone_token', phone_token, sex, birth_month, $phone_token FROM core.record
    UNION ALL
    SELECT 'case_token', case_token, sex, birth_month, $case_token FROM core.record
),
-- few tokens are on that many records at all: only these need their people counted
frequent AS (
    SELECT kind, token FROM token WHERE token IS NOT NULL
    GROUP BY kind, token, persons_allowed HAVING count(*) > persons_allowed
),
person AS (
    SELECT DISTINCT kind, token, sex, birth_month, persons_allowed
    FROM token JOIN frequent USING (kind, token)
)
SELECT kind, token, CAST(count(*) AS INTEGER) AS persons
FROM person
GROUP BY kind, token, persons_allowed
HAVING count(*) > persons_allowed
