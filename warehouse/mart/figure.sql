-- The cells in words, with rate, interval and stability (`rate`), and the reason where there can be none; counts are empty
-- where nobody can know them. An age that a definition does not count has no rate, though its children are among those of the others.
SELECT s.* EXCLUDE (unit, population_type, tiers, depth, position, first_age, last_age, youngest, oldest, is_known), sex, n.category_number, dimension, category,
       category_order, if(is_known, records, NULL) AS records,
       if(is_known, incidents, NULL) AS incidents, if(is_known, children, NULL) AS children,
       if(is_known, n.numerator, NULL) AS numerator, n.denominator, rate_per_1000, ci_low, ci_high, unstable,
       CASE WHEN is_too_early THEN 'too_early' WHEN NOT is_reported THEN 'not_reported'
            WHEN sex = 'unknown' OR category = 'unknown' AND is_populated OR from_years > oldest OR to_years < youngest THEN 'not_applicable'
            WHEN NOT coalesce(n.denominator > 0, FALSE) THEN 'denominator_missing' END AS reason
FROM cell n
JOIN (SELECT *, is_reported AND NOT is_too_early AS is_known FROM span) s USING (span)
JOIN category USING (category_number)
LEFT JOIN ref.age_group USING (dimension, category)
LEFT JOIN rate r ON is_known AND coalesce(from_years <= oldest AND to_years >= youngest, TRUE) AND (r.numerator, r.denominator) = (n.numerator, n.denominator)
