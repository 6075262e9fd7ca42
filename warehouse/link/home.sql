-- The district from which more than half of an institution's records are: that of its records without a township. Of a
-- hospital for several districts none is, lest a few new records move all its others to another district.
SELECT institution_id, district
FROM (
    SELECT
        institution_id, substr(township_code, 1, 6) AS district, count(*) AS records,
        sum(count(*)) OVER (PARTITION BY institution_id) AS records_of_institution
    FROM core.record WHERE township_code IS NOT NULL
    GROUP BY institution_id, substr(township_code, 1, 6)
) AS counted
WHERE records * 2 > records_of_institution
