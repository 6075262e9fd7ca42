"""Every statistic of the product: pure functions of counts and person-time; all rates are per 1000.

intervals: crude rates of many cells, proportions · standardised: direct and indirect · periods: person-time, pools ·
comparison: rate ratios, declines · trend · targets · projection · sensitivity: undetermined intent · completeness:
capture-recapture. Wrong input is a ValueError; what the data cannot answer is a `checked.Refusal`.
"""
