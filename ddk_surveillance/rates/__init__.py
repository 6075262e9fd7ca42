"""Every statistic of the product: pure functions of counts and person-time; all rates are per 1000."""
