"""The words of the invented district and how often each occurs.

Every weight is a published share where one exists (NISS 2006-2015, Jiangsu 2015-2021, Jiaxing 2009-2019, student
surveys of 2014-2018), otherwise an assumption scaled to the expected yearly counts of a district with 63,000
children. Rows follow age groups (<1, 1-4, 5-9, 10-14, 15-17) or the order of MECHANISMS; columns the words.
"""

SEXES = ("male", "female")
MECHANISMS = (
    "motor_vehicle_crash", "nonmotor_vehicle_crash", "fall", "blunt_force", "firearm", "sharp_force", "burn_scald",
    "suffocation_hanging", "drowning", "poisoning", "animal", "sexual_assault", "other", "unknown",
)  # fmt: skip
PLACES = (
    "home", "residential_institution", "school_public", "sports_area", "street_highway", "trade_service",
    "industrial_construction", "farm", "other", "unknown",
)  # fmt: skip
NATURES = (
    "fracture", "sprain_strain", "open_wound_bite", "contusion_abrasion", "burn", "brain_injury", "internal_organ",
    "other", "unknown",
)  # fmt: skip
BODY_PARTS = ("head", "upper_limb", "lower_limb", "trunk", "multiple", "systemic", "other", "unknown")
ACTIVITIES = (
    "paid_work", "housework", "study", "sport", "leisure", "vital", "riding_vehicle", "walking", "other", "unknown",
)  # fmt: skip
INTENTS = ("unintentional", "self_harm", "assault", "undetermined")
SEVERITIES = ("minor", "moderate", "severe")
OUTCOMES = ("treated_released", "observation", "transferred", "hospitalised", "other", "died")
VIOLENCE_TYPES = ("physical", "sexual", "psychological", "neglect", "bullying", "other", "unknown")
PERPETRATORS = (
    "parent_guardian", "other_family", "peer_student", "teacher_staff", "nursery_caregiver", "acquaintance",
    "intimate_partner", "stranger", "official", "unknown",
)  # fmt: skip

AGE5_LOWER_BOUNDS = (1, 5, 10, 15)  # <1, 1-4, 5-9, 10-14, 15-17
ADULT_AGE_YEARS = 18
DAYS_PER_YEAR = 365.25
CLOSE_REPEAT_DAYS = 12
FASHIONABLE_NAMES, FASHIONABLE_NAME_SHARE = 10, 0.3  # so many children of a year share so few given names
TOWNSHIPS = {
    "500104001": 5.0, "500104002": 5.0, "500104003": 8.0, "500104004": 8.0, "500104005": 14.0, "500104101": 38.0,
    "500104102": 10.0, "500104103": 12.0,
}  # fmt: skip
BIRTHS_BY_YEAR = (
    (2005, 3.07), (2007, 3.36), (2012, 3.72), (2017, 3.80), (2021, 3.20), (2022, 2.90), (2023, 2.70), (2024, 2.80),
    (2025, 2.50),
)  # from this year on, in thousands, for 63,000 children  # fmt: skip

INTENT_BY_AGE = (
    (0.971, 0.0, 0.017, 0.012),
    (0.975, 0.0, 0.015, 0.010),
    (0.9575, 0.0005, 0.031, 0.011),
    (0.936, 0.015, 0.037, 0.012),
    (0.894, 0.034, 0.060, 0.012),
)
UNINTENTIONAL_MECHANISM_BY_AGE = (
    (20, 10, 500, 50, 0.2, 30, 160, 60, 2, 30, 60, 0, 70, 10),
    (40, 30, 420, 90, 0.2, 60, 140, 30, 4, 50, 110, 0, 50, 10),
    (70, 70, 380, 130, 0.5, 90, 40, 8, 4, 12, 140, 0, 50, 10),
    (70, 90, 360, 170, 0.5, 100, 30, 4, 5, 8, 110, 0, 50, 10),
    (100, 100, 300, 180, 0.5, 120, 30, 3, 4, 10, 90, 0, 50, 10),
)
INTENDED_MECHANISM = (
    (0, 0, 220, 20, 0, 270, 10, 70, 20, 360, 0, 0, 20, 10),  # self-harm
    (5, 2, 60, 640, 3, 100, 25, 8, 1, 6, 5, 95, 40, 10),  # assault
    (30, 20, 300, 100, 2, 100, 20, 40, 20, 180, 10, 0, 60, 118),  # undetermined
)
TRAFFIC_PLACE = (3, 10, 20, 2, 940, 15, 2, 5, 2, 1)
DROWNING_PLACE = (150, 20, 20, 180, 5, 20, 10, 160, 430, 5)
PLACE_BY_AGE = (
    (850, 50, 30, 2, 30, 30, 1, 2, 4, 1),
    (650, 70, 130, 10, 60, 60, 2, 5, 8, 5),
    (430, 70, 290, 50, 70, 60, 3, 10, 12, 5),
    (280, 70, 360, 100, 90, 70, 5, 10, 10, 5),
    (250, 80, 350, 110, 90, 80, 15, 10, 10, 5),
)
NATURE_BY_MECHANISM = (
    (280, 60, 130, 330, 0, 120, 50, 20, 10), (200, 100, 150, 450, 0, 70, 10, 15, 5), (230, 120, 140, 410, 0, 70, 10,
     15, 5), (110, 80, 160, 560, 0, 60, 10, 15, 5), (20, 0, 600, 80, 200, 20, 50, 20, 10), (5, 10, 930, 40, 0, 0, 10,
     3, 2), (0, 0, 10, 10, 970, 0, 0, 8, 2), (5, 5, 10, 30, 0, 20, 30, 850, 50), (0, 0, 5, 10, 0, 10, 60, 865, 50),
    (0, 0, 0, 2, 5, 0, 20, 953, 20), (3, 2, 950, 40, 0, 0, 0, 3, 2), (0, 0, 100, 350, 0, 0, 20, 430, 100), (50, 120,
     200, 300, 20, 10, 10, 270, 20), (60, 80, 150, 300, 20, 20, 20, 200, 150),
)  # fmt: skip
BODY_BY_MECHANISM = (
    (300, 150, 250, 80, 190, 20, 5, 5), (250, 250, 350, 50, 90, 2, 5, 3), (370, 330, 220, 40, 30, 2, 5, 3), (430, 250,
     170, 90, 45, 2, 8, 5), (350, 350, 80, 120, 80, 10, 5, 5), (110, 630, 210, 30, 12, 1, 5, 2), (160, 350, 290, 80,
     100, 10, 5, 5), (350, 5, 5, 60, 20, 500, 50, 10), (30, 2, 2, 30, 20, 880, 26, 10), (10, 3, 2, 40, 5, 880, 50, 10),
    (120, 430, 380, 40, 22, 1, 5, 2), (30, 30, 40, 700, 80, 30, 70, 20), (300, 300, 180, 120, 40, 20, 30, 10), (250,
     220, 180, 100, 60, 30, 60, 100),
)  # fmt: skip
SEVERITY_BY_MECHANISM = (
    (640, 270, 90), (790, 180, 30), (800, 180, 20), (840, 145, 15), (500, 350, 150), (840, 145, 15), (690, 270, 40),
    (550, 300, 150), (250, 350, 400), (620, 310, 70), (910, 85, 5), (500, 400, 100), (830, 150, 20), (750, 220, 30),
)  # fmt: skip
OUTCOME_BY_SEVERITY = ((945, 25, 7, 15, 8), (600, 130, 35, 225, 10), (30, 60, 160, 740, 10))
LETHALITY_BY_MECHANISM = (8, 2, 2, 0.3, 5, 0.5, 1, 30, 90, 4, 0.2, 0.2, 0.5, 1)
VIOLENCE_BY_SETTING = ((560, 0, 60, 0, 340, 20, 20), (640, 0, 120, 190, 0, 20, 30), (880, 0, 60, 0, 0, 30, 30))
PERPETRATOR_BY_SETTING = (
    (0, 0, 860, 60, 20, 20, 10, 10, 0, 20),  # school
    (640, 180, 10, 0, 0, 90, 20, 10, 0, 50),  # home
    (30, 20, 230, 5, 0, 180, 60, 380, 5, 90),  # elsewhere
)
UNINTENTIONAL_BY_MONTH = (80, 62, 88, 95, 102, 104, 108, 120, 126, 118, 95, 82)
VIOLENCE_BY_MONTH = (90, 55, 110, 115, 115, 105, 65, 60, 115, 115, 110, 100)
BY_HOUR = (6, 4, 3, 3, 3, 4, 10, 30, 50, 65, 80, 75, 62, 55, 65, 80, 95, 100, 90, 80, 65, 45, 25, 12)
