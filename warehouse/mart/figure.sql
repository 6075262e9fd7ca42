-- The cells with rate, interval, stability (`rate`) and status (`year_status`); counts are empty where nobody can know them.
SELECT c.* REPLACE (if(is_known, c.records, NULL) AS records, if(is_known, incidents, NULL) AS incidents,
                    if(is_known, children, NULL) AS children, if(is_known, c.numerator, NULL) AS numerator),
       r.rate_per_1000, r.ci_low, r.ci_high, r.unstable, y.status
FROM (SELECT *, is_reported AND NOT is_too_early AS is_known FROM cell) c
JOIN year_status y USING (year)
LEFT JOIN rate r ON c.has_rate AND (r.numerator, r.denominator) = (c.numerator, c.denominator)
