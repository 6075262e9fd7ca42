-- How much of what other sources know a source has: treated injuries for hospitals, deaths for the registry. The estimate of
-- the total is Chapman's, from two independent sources that are linked without fault; where they are not it is too low.
WITH incident AS (
    SELECT *, string_split(sources, ',') AS told_by FROM core.incident WHERE residence IS DISTINCT FROM 'non_resident'
), told AS (
    SELECT event_year, 'hospital' AS source_code, list_contains(told_by, 'hospital') AS is_seen,
           list_has_any(told_by, ['school', 'kindergarten', 'nursery', 'community', 'police']) AS is_seen_by_others
    FROM incident WHERE care_level IN ('outpatient', 'observation', 'inpatient')
    UNION ALL
    SELECT year(death_date), 'death_registry', list_contains(told_by, 'death_registry'), len(list_filter(told_by, lambda s: s <> 'death_registry')) > 0
    FROM incident WHERE is_death
), counted AS (
    SELECT event_year::VARCHAR AS period, source_code, count(*) FILTER (is_seen) AS seen, count(*) FILTER (is_seen_by_others) AS seen_by_others,
           count(*) FILTER (is_seen AND is_seen_by_others) AS seen_by_both
    FROM told WHERE event_year IS NOT NULL GROUP BY ALL
)
SELECT source_code, period, seen, seen_by_others, seen_by_both, seen_by_others - seen_by_both AS missed,
       CASE WHEN seen_by_others > 0 THEN (seen + 1) * (seen_by_others + 1) / (seen_by_both + 1) - 1 END AS estimated_total,
       1 - seen_by_both / nullif(seen_by_others, 0) AS missed_share,
       CASE WHEN seen_by_others = 0 THEN 'not_applicable' END AS reason
FROM counted
ORDER BY ALL
