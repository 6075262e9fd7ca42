-- Incidents for analysts: no id, no date, no township. Within each domain every shown class of year, age and sex holds
-- at least 5 incidents; where one would be smaller, ages are merged, then sexes, then years, and last the rows left out.
-- Many look alike: they are counted (`alike`); out.incident tells them apart again.
WITH incident AS (
    SELECT CASE WHEN is_death THEN 'death' WHEN intent IN ('self_harm', 'assault', 'unintentional') THEN intent ELSE 'other' END AS domain,
           i.event_year, coalesce(g.category, 'unknown') AS age_group, coalesce(i.sex, 'unknown') AS sex,
           i.mechanism, i.place, i.nature, i.body_part, i.severity, i.violence_type, i.residence, i.records, count(*) AS alike
    FROM core.incident i
    LEFT JOIN (SELECT category, unnest(range(from_years, to_years + 1)) AS age_years FROM ref.age_group WHERE dimension = 'age5') g
    USING (age_years)
    GROUP BY ALL
), by_age AS (
    SELECT domain, event_year, sex, age_group, sum(alike) AS size FROM incident GROUP BY ALL
), by_sex AS (
    SELECT domain, event_year, sex, min(size) AS smallest_age, sum(size) AS size FROM by_age GROUP BY ALL
), by_year AS (
    SELECT domain, event_year, min(size) AS smallest_sex, sum(size) AS size FROM by_sex GROUP BY ALL
), by_domain AS (
    SELECT domain, min(size) AS smallest_year, sum(size) AS size FROM by_year GROUP BY ALL
), merged AS (
    SELECT i.* REPLACE (
               CASE WHEN d.smallest_year >= 5 THEN i.event_year END AS event_year,
               CASE WHEN d.smallest_year >= 5 AND y.smallest_sex >= 5 AND s.smallest_age >= 5 THEN i.age_group ELSE 'all' END AS age_group,
               CASE WHEN d.smallest_year >= 5 AND y.smallest_sex >= 5 THEN i.sex ELSE 'all' END AS sex)
    FROM incident i
    JOIN by_sex s USING (domain, event_year, sex) JOIN by_year y USING (domain, event_year) JOIN by_domain d USING (domain)
    WHERE d.size >= 5
), class AS (
    SELECT domain, event_year, age_group, sex, min(violence_type) < max(violence_type) AS has_several_types FROM merged GROUP BY ALL
), shown AS (
    SELECT m.* REPLACE (CASE WHEN has_several_types THEN violence_type END AS violence_type)
    FROM merged m JOIN class c
      ON (m.domain, m.age_group, m.sex) = (c.domain, c.age_group, c.sex) AND m.event_year IS NOT DISTINCT FROM c.event_year
)
SELECT * REPLACE (sum(alike)::BIGINT AS alike) FROM shown GROUP BY ALL ORDER BY ALL
