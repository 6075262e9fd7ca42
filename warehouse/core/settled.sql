-- What becomes of each version of a record, from all versions of the touched records (`version`, made by the load stage)
-- and the changes in force. Nothing here depends on the order in which files or changes came to be processed.
WITH
backfill AS (
    SELECT change_id, coalesce(is_reread, FALSE) AS is_reread, institution_id, period_from, period_to
    FROM ops.active_change WHERE kind = 'backfill'
),
present AS (
    SELECT * FROM version WHERE NOT is_out
),
-- A row that was read again counts in its latest reading, if it lies in the period of that by any reading of it.
reread AS (
    SELECT p.root, p.sheet, p.row_number, p.victim_number, max(c.change_id) AS change_id
    FROM backfill AS c
    JOIN ops.batch AS b ON b.change_id = c.change_id
    JOIN present AS p ON p.root = b.rereads
    WHERE c.is_reread AND p.day BETWEEN c.period_from AND c.period_to
      AND (c.institution_id IS NULL OR p.institution_id = c.institution_id)
      AND (NOT p.is_reread OR p.change_id <= c.change_id)
    GROUP BY ALL
),
reading AS (
    SELECT p.* FROM present AS p LEFT JOIN reread AS r USING (root, sheet, row_number, victim_number)
    WHERE CASE WHEN p.is_reread THEN p.change_id = r.change_id ELSE r.change_id IS NULL END
),
-- Where given files are the truth of a period, they speak about themselves and about every file that had come by then.
spoken AS (
    SELECT
        c.change_id, r.batch_id, r.sheet, r.row_number, r.victim_number, r.identity,
        g.change_id IS NOT NULL AS is_given,
        r.day BETWEEN c.period_from AND c.period_to AND (c.institution_id IS NULL OR r.institution_id = c.institution_id) AS is_inside,
        row_number() OVER (
            PARTITION BY c.change_id, r.identity, g.change_id IS NULL
            ORDER BY r.age DESC NULLS LAST, r.received_at DESC, r.sha256 DESC, r.root DESC, r.sheet DESC, r.row_number DESC
        ) = 1 AS is_newest
    FROM backfill AS c
    JOIN reading AS r ON NOT c.is_reread
    LEFT JOIN ops.batch AS g ON g.batch_id = r.root AND g.change_id = c.change_id
    LEFT JOIN ops.change_batch AS k ON k.batch_id = r.root AND k.change_id = c.change_id
    WHERE g.change_id IS NOT NULL OR k.change_id IS NOT NULL
),
-- A record is of the period if it lies there by a given file, or by the newest version before.
of_period AS (
    SELECT DISTINCT change_id, identity FROM spoken WHERE is_inside AND (is_given OR is_newest)
),
void AS (
    SELECT DISTINCT s.batch_id, s.sheet, s.row_number, s.victim_number
    FROM spoken AS s LEFT JOIN of_period AS o USING (change_id, identity)
    WHERE s.is_given = (o.identity IS NULL)
),
standing AS (
    SELECT
        r.*,
        row_number() OVER (
            PARTITION BY r.identity ORDER BY r.age NULLS FIRST, r.received_at, r.sha256, r.root, r.sheet, r.row_number
        ) AS place
    FROM reading AS r ANTI JOIN void USING (batch_id, sheet, row_number, victim_number)
),
-- The newest content holds, in the version that first said it.
latest AS (
    SELECT identity, arg_max(content, place) AS content FROM standing GROUP BY identity
),
keeper AS (
    SELECT identity, min(place) AS place FROM standing JOIN latest USING (identity, content) GROUP BY identity
)
SELECT
    v.batch_id, v.sheet, v.row_number, v.victim_number,
    CASE
        WHEN s.place IS NULL THEN 'withdrawn'
        WHEN s.place = keeper.place THEN 'loaded'
        WHEN s.content = latest.content THEN 'duplicate'
        ELSE 'superseded'
    END AS disposition
FROM version AS v
LEFT JOIN standing AS s USING (batch_id, sheet, row_number, victim_number)
LEFT JOIN latest ON latest.identity = v.identity
LEFT JOIN keeper ON keeper.identity = v.identity
WHERE v.is_touched
