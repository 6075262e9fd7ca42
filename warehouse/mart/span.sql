-- Every rule in every period for which it holds, numbered in the order in which figures are kept, and what can be known of it.
SELECT row_number() OVER (ORDER BY indicator_code, period_type, period, rule)::INTEGER AS span,
       r.* EXCLUDE (first_year, last_year, depends_on, depth_of_years, depth_of_parts), period_type, period, position, year,
       if($as_of >= make_date(year + 1, $month, $day), 'F', 'P') AS status,  -- as in final_from
       if(period_type = 'year', depth_of_years, depth_of_parts) AS depth,
       len(list_filter(depends_on, lambda source: NOT list_contains(sources, source))) = 0 AS is_reported,
       if(period_type = 'rolling_12_months', last_day, first_day) > $as_of AS is_too_early
FROM rule r
JOIN (SELECT *, year(last_day) AS year FROM period) p ON year(first_day) >= r.first_year AND year <= r.last_year
JOIN reported USING (period_type, position)
