-- Incidents for analysts: no id, no date, no township. Within each domain every shown class of year, age and sex holds
-- incidents of at least 5 children (one child may have many); where one would be smaller, ages are merged, then sexes, then years,
-- and last the rows left out.
-- Many look alike: they are counted (`alike`); out.incident tells them apart again.
WITH incident AS NOT MATERIALIZED (
    SELECT CASE WHEN is_death THEN 'death' WHEN intent IN ('self_harm', 'assault', 'unintentional') THEN intent ELSE 'other' END AS domain,
           coalesce(g.category, 'unknown') AS age_group, i.* REPLACE (coalesce(sex, 'unknown') AS sex)
    FROM core.incident i
    LEFT JOIN (SELECT category, unnest(range(from_years, to_years + 1)) AS age_years FROM ref.age_group WHERE dimension = 'age5') g
    USING (age_years)
    WHERE event_year IS NOT NULL
), class AS (
    SELECT domain, event_year, sex, age_group, list(DISTINCT hash(child_id))[:5] AS few, min(nullif(violence_type, 'unknown')) AS first_type, max(nullif(violence_type, 'unknown')) AS last_type
    FROM incident GROUP BY ALL
), beside AS (
    SELECT *, min(len(few)) OVER of_sex AS smallest_age, len(list_distinct(flatten(list(few) OVER of_sex))) AS of_sex,
           len(list_distinct(flatten(list(few) OVER of_year))) AS of_year, len(list_distinct(flatten(list(few) OVER of_domain))) AS of_domain
    FROM class WINDOW of_sex AS (PARTITION BY domain, event_year, sex), of_year AS (PARTITION BY domain, event_year), of_domain AS (PARTITION BY domain)
), fit AS (
    SELECT *, min(of_year) OVER (PARTITION BY domain) >= 5 AS has_year,
           has_year AND min(of_sex) OVER (PARTITION BY domain, event_year) >= 5 AS has_sex, has_sex AND smallest_age >= 5 AS has_age
    FROM beside
), shown AS (
    SELECT *, min(first_type) OVER alike < max(last_type) OVER alike AS has_several_types,
           dense_rank() OVER (ORDER BY domain, shown_year, shown_age, shown_sex) AS class_number
    FROM (SELECT *, if(has_year, event_year, NULL) AS shown_year, if(has_age, age_group, 'all') AS shown_age, if(has_sex, sex, 'all') AS shown_sex
          FROM fit WHERE of_domain >= 5)
    WINDOW alike AS (PARTITION BY domain, shown_year, shown_age, shown_sex)
), alike AS (  -- a class by its number, for its words would be dear to compare; the mechanism tells of sexual violence as its type does
    SELECT class_number, if(has_several_types, mechanism, nullif(mechanism, 'sexual_assault')) AS mechanism, place, nature, body_part, severity, if(has_several_types, violence_type, NULL) AS violence_type,
           residence, records, count(*) AS alike
    FROM incident JOIN shown USING (domain, event_year, sex, age_group) GROUP BY ALL
)
SELECT domain, shown_year AS event_year, shown_age AS age_group, shown_sex AS sex, alike.* EXCLUDE (class_number)
FROM alike JOIN (SELECT DISTINCT class_number, domain, shown_year, shown_age, shown_sex FROM shown) USING (class_number)
ORDER BY class_number, COLUMNS(alike.* EXCLUDE (class_number, alike))
