-- How the published figures differ between $from_at and $to_at, in parts that add up: one row per figure and cause.
-- `record_change` (mart.record_change), `decisive_change` (incident_id: what differs in something that a definition asks for) and
-- `defined` (indicator_code, unit) are made by whoever asks. The parts of a rate: first the numerator's, over the population as it
-- was; what then remains is the population's.
WITH
figure AS (
    SELECT indicator_code, period_type, period, sex, age_group, township_code,
           any_value(v) FILTER (valid_from <= $from_at AND (valid_to IS NULL OR valid_to > $from_at)) AS old,
           any_value(v) FILTER (valid_from <= $to_at AND (valid_to IS NULL OR valid_to > $to_at)) AS new
    FROM out.indicator_rate_version v
    WHERE valid_from <= $to_at AND (valid_to IS NULL OR valid_to > $from_at)
    GROUP BY ALL HAVING old IS NOT NULL OR new IS NOT NULL
),
-- What was counted at one of the moments only, and all else that was counted of the same children.
counted AS (
    SELECT *, valid_from <= $from_at AS is_before, valid_to IS NULL OR valid_to > $to_at AS is_now FROM mart.counted_version
    WHERE valid_from <= $to_at AND (valid_to IS NULL OR valid_to > $from_at)
),
touched AS (
    SELECT DISTINCT indicator_code, unit_id FROM counted WHERE is_before <> is_now
),
-- An incident that is no more lives on in the one that holds most of its records at $to_at.
gone AS (
    SELECT incident_id, unnest(list_transform(string_split(members, ','), lambda one: split_part(one, ':', 1))) AS record_id
    FROM core.incident_version WHERE known_from <= $from_at AND known_to > $from_at AND known_to <= $to_at
),
come AS (
    SELECT incident_id, unnest(list_transform(string_split(members, ','), lambda one: split_part(one, ':', 1))) AS record_id
    FROM core.incident_version WHERE known_from > $from_at AND known_from <= $to_at AND (known_to IS NULL OR known_to > $to_at)
),
heir AS (
    SELECT g.incident_id, c.incident_id AS heir_id
    FROM (FROM gone ANTI JOIN come USING (incident_id)) g JOIN come c USING (record_id)
    GROUP BY g.incident_id, c.incident_id QUALIFY row_number() OVER (PARTITION BY g.incident_id ORDER BY count(*) DESC, c.incident_id) = 1
),
-- An incident or child that only has another name now, or another incident standing for it, neither came nor went.
named AS (
    SELECT c.*, s.side, CASE
               WHEN c.unit_id = c.incident_id THEN coalesce(h.heir_id, c.incident_id)
               WHEN s.side > 0 THEN c.unit_id
               ELSE coalesce(i.child_id, c.unit_id)
           END AS present_unit_id
    FROM (FROM counted SEMI JOIN touched USING (indicator_code, unit_id)) c
    JOIN (VALUES (-1), (1)) s(side) ON CASE WHEN s.side < 0 THEN c.is_before ELSE c.is_now END
    LEFT JOIN heir h ON h.incident_id = c.incident_id
    LEFT JOIN core.incident_version i ON i.incident_id = coalesce(h.heir_id, c.incident_id)
         AND i.known_from <= $to_at AND (i.known_to IS NULL OR i.known_to > $to_at)
),
counted_row AS (
    SELECT indicator_code, coalesce(d.unit = 'children', false) AS is_of_children, n.unit_id, present_unit_id, incident_id, side, is_before <> is_now AS is_moved,
           CASE WHEN NOT is_in_numerator THEN 0 WHEN d.unit = 'records' THEN side * n.records ELSE side END AS change,
           date_trunc('month', counted_date)::DATE AS month, sex, age_group, township_code
    FROM named n LEFT JOIN defined d USING (indicator_code)  -- one that is no longer declared has no unit
),
cell AS (
    SELECT * EXCLUDE (sex, age_group, township_code), 'year' AS period_type, strftime(month, '%Y') AS period, unnest([
               {'sex': 'all', 'age_group': 'all', 'township_code': 'all'},
               {'sex': sex, 'age_group': 'all', 'township_code': 'all'},
               {'sex': 'all', 'age_group': age_group, 'township_code': 'all'},
               {'sex': sex, 'age_group': age_group, 'township_code': 'all'},
               {'sex': 'all', 'age_group': 'all', 'township_code': township_code}], recursive := true)
    FROM counted_row
    UNION ALL BY NAME
    SELECT * REPLACE ('all' AS sex, 'all' AS age_group, 'all' AS township_code), 'quarter' AS period_type,
           strftime(month, '%Y') || 'Q' || quarter(month) AS period
    FROM counted_row
    UNION ALL BY NAME
    SELECT * REPLACE ('all' AS sex, 'all' AS age_group, 'all' AS township_code), 'month' AS period_type, strftime(month, '%Y-%m') AS period
    FROM counted_row
    UNION ALL BY NAME
    -- A child that is several now was one in a window, whichever of its incidents lie in it.
    SELECT * REPLACE ('all' AS sex, 'all' AS age_group, 'all' AS township_code, if(is_of_children,
               min(present_unit_id) OVER (PARTITION BY indicator_code, unit_id, side), present_unit_id) AS present_unit_id),
           'rolling_12_months' AS period_type, strftime(month + to_months(later), '%Y-%m') AS period
    FROM counted_row, unnest(range(12)) window_of(later)
),
-- In a window of twelve months a child counts once, whichever of its incidents lie in it.
net AS (
    SELECT indicator_code, period_type, period, sex, age_group, township_code, present_unit_id,
           CASE WHEN is_of_children AND period_type = 'rolling_12_months'
                THEN count(DISTINCT c.unit_id) FILTER (side > 0) - count(DISTINCT c.unit_id) FILTER (side < 0)
                ELSE sum(change) END::BIGINT AS change,
           list(DISTINCT c.incident_id) FILTER (is_moved) AS incidents,
           list(r) FILTER (is_moved AND r.place IS NOT NULL) AS reasons, min(r.place) FILTER (is_moved) AS place,
           coalesce(bool_or(d.incident_id IS NOT NULL) FILTER (is_moved), false) AS is_decisive
    FROM cell c LEFT JOIN record_change r ON r.unit_id = c.incident_id LEFT JOIN decisive_change d ON d.incident_id = c.incident_id
    GROUP BY indicator_code, period_type, period, sex, age_group, township_code, present_unit_id, is_of_children HAVING change <> 0
),
-- A cell of the unknown exists only while it holds something: where it is missing nothing was counted.
figure_state AS (
    SELECT * EXCLUDE (old, new), old.numerator AS numerator_from, new.numerator AS numerator_to,
           old.rate_per_1000 AS rate_from, new.rate_per_1000 AS rate_to,
           coalesce(nullif(old.denominator, 0), nullif(new.denominator, 0)) AS denominator,
           coalesce(max(old.definition_version) OVER of_year, max(old.definition_version) OVER of_indicator)
               IS DISTINCT FROM coalesce(max(new.definition_version) OVER of_year, max(new.definition_version) OVER of_indicator) AS is_redefined, CASE
               WHEN old.numerator IS NULL AND new.numerator IS NOT NULL AND old.reason = 'too_early' THEN 'period_complete'
               WHEN old.numerator IS NULL AND new.numerator IS NOT NULL AND old.reason IS NOT NULL THEN 'new_source'
               WHEN old.numerator IS NOT NULL AND new.numerator IS NULL AND new.reason IS NOT NULL THEN 'withdrawn'
               WHEN old.rate_per_1000 IS NOT NULL AND new.reason = 'not_applicable' THEN 'definition'
           END AS cause_of_all,
           numerator_from IS NULL AND numerator_to IS NULL AS is_hidden
    FROM figure
    WINDOW of_year AS (PARTITION BY indicator_code, left(period, 4)), of_indicator AS (PARTITION BY indicator_code)
),
part AS (
    SELECT f.indicator_code, f.period_type, f.period, f.sex, f.age_group, f.township_code,
           CASE WHEN is_redefined AND NOT is_decisive THEN 'definition' ELSE coalesce(n.decided[1].cause, u.cause, 'linkage') END AS cause,
           sum(n.change)::BIGINT AS numerator_change, coalesce(sum(n.change) / any_value(denominator) * 1000, 0) AS rate_change,
           flatten(list(if(len(n.decided) > 0, flatten(list_transform(n.decided, lambda one: one.records)), coalesce(u.records, [])))) AS record_ids,
           flatten(list(if(len(n.decided) > 0, flatten(list_transform(n.decided, lambda one: one.sources)), coalesce(u.sources, [])))) AS sources,
           flatten(list(n.incidents)) AS incident_ids
    FROM (SELECT *, list_filter(reasons, lambda one: one.place = place) AS decided FROM net) n JOIN figure_state f USING (indicator_code, period_type, period, sex, age_group, township_code)
    LEFT JOIN record_change u ON u.unit_id = n.present_unit_id
    WHERE cause_of_all IS NULL AND NOT is_hidden
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT indicator_code, period_type, period, sex, age_group, township_code, cause_of_all AS cause,
           coalesce(numerator_to, 0) - coalesce(numerator_from, 0) AS numerator_change,
           coalesce(numerator_change / denominator * 1000, 0) AS rate_change
    FROM figure_state WHERE cause_of_all IS NOT NULL
),
rest AS (
    SELECT indicator_code, period_type, period, sex, age_group, township_code,
           coalesce(numerator_to, 0) - coalesce(numerator_from, 0) - coalesce(sum(p.numerator_change), 0) AS numerator_change,
           coalesce(rate_to, 0) - coalesce(rate_from, 0) - coalesce(sum(p.rate_change ORDER BY p.cause), 0) AS rate_change
    FROM figure_state LEFT JOIN part p USING (indicator_code, period_type, period, sex, age_group, township_code)
    GROUP BY indicator_code, period_type, period, sex, age_group, township_code, numerator_from, numerator_to, rate_from, rate_to
),
every_part AS (
    SELECT * REPLACE (if(cause = 'definition', [], record_ids) AS record_ids, if(cause = 'definition', [], sources) AS sources) FROM part
    UNION ALL BY NAME SELECT * REPLACE (0 AS numerator_change), 'population' AS cause FROM rest
    UNION ALL BY NAME SELECT * REPLACE (0.0 AS rate_change), 'unexplained' AS cause FROM rest WHERE numerator_change <> 0
)
SELECT indicator_code, period_type, period, sex, age_group, township_code, numerator_from, numerator_to, rate_from, rate_to,
       cause, numerator_change::BIGINT AS numerator_change, rate_change, coalesce(len(list_distinct(record_ids)), 0) AS records,
       array_to_string(list_sort(list_distinct(sources)), ',') AS sources,
       array_to_string(list_sort(list_distinct(incident_ids)), ',') AS incident_ids,
       array_to_string(list_sort(list_distinct(record_ids)), ',') AS record_ids
FROM figure_state JOIN every_part USING (indicator_code, period_type, period, sex, age_group, township_code)
WHERE numerator_change <> 0 OR abs(rate_change) > 1e-9
   -- 0 and not known differ, though nothing is added or taken.
   OR cause = coalesce(cause_of_all, 'population') AND NOT is_redefined AND coalesce(numerator_from, 0) = coalesce(numerator_to, 0)
      AND (rate_from IS NULL) <> (rate_to IS NULL)
