"""Who reports what: true incidents become records of nine sources, with the defects real reports have.

The invented district and the harder test bed of record linkage (150,000 children to a district, ten events per 100
children and year, tokens missing in a third to a half of the records) differ in their rates only.
"""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from ddk_surveillance.arrays import Flags, Floats, Ints
from ddk_surveillance.synthesis import district, frequencies
from ddk_surveillance.synthesis.defects import (
    CASE_SOURCES,
    SCENARIOS,
    SOURCES,
    Draw,
    Scenario,
    holds,
    read_rates,
    scenario_rates,
    table,
)
from ddk_surveillance.synthesis.district import District, Plan
from ddk_surveillance.tokens import Key, derive, rekey

LINKAGE_CHILDREN_PER_TOWNSHIP = 12_500
TOWNSHIPS_PER_DISTRICT = 12
LINKAGE_FIRST_DAY, LINKAGE_LAST_DAY = date(2023, 1, 1), date(2025, 12, 31)
LINKAGE_RECORDS_PER_CHILD = 0.36  # over the three years; measured, and generous by 2 % so that records can be exact

INSTITUTION_LETTER = dict(zip(SOURCES, "HDSKNCPRJ", strict=True))
INSTITUTIONS_PER_TOWNSHIP = {"school": 5, "kindergarten": 6, "nursery": 2, "community": 5, "police": 1}
HOSPITAL_WEIGHTS = (0.46, 0.22, 0.27, 0.05)
PARENT_ID_FAMILIES = 0.04
FIRST, TRANSFER, FOLLOW_UP, DOUBLE_ENTRY = range(4)

LINKAGE_COLUMNS = (
    "record_id", "source_code", "institution_id", "reported_date", "id_token", "name_token", "phone_token",
    "case_token", "birth_month", "age_years", "sex", "township_code", "event_date_from", "event_date_to",
    "date_precision", "event_hour", "mechanism", "place", "nature", "body_part", "intent", "severity", "outcome",
    "is_death", "violence_type", "true_incident_id", "true_child_id",
)  # fmt: skip


def linkage_records(seed: int, records: int, scenario: str = "reference") -> pd.DataFrame:
    """Exactly `records` current records of the linkage test bed, in random order, with their truth.

    About 1.5 records per incident that anyone reports.
    """
    chosen = SCENARIOS[scenario]
    town = district.build(linkage_plan(records, chosen), seed)
    rates = scenario_rates(read_rates("linkage"), chosen)
    rows = report(town, rates, np.random.default_rng([seed, 3]))
    for name in chosen.lost_tokens:
        rows[name] = pd.array([None] * len(rows), dtype="str")
    rows = rows[list(LINKAGE_COLUMNS)].head(records)
    return rows.astype(dict.fromkeys(rows.select_dtypes("category"), "str"))


def linkage_plan(records: int, scenario: Scenario) -> Plan:
    """As many townships of 12,500 children (12 to a district) as yield that many records in three years."""
    townships = max(1, round(records / LINKAGE_RECORDS_PER_CHILD / LINKAGE_CHILDREN_PER_TOWNSHIP / scenario.density))
    numbers = range(townships)
    codes = tuple(
        f"{990101 + number // TOWNSHIPS_PER_DISTRICT}{1 + number % TOWNSHIPS_PER_DISTRICT:03d}" for number in numbers
    )
    return Plan(
        children=round(records / LINKAGE_RECORDS_PER_CHILD),
        first_day=LINKAGE_FIRST_DAY,
        last_day=LINKAGE_LAST_DAY,
        townships=codes,
        township_weights=(1.0,) * townships,
        incidents_per_100_children_year=10.0,
        intentional_factor=2.0,
        deaths_per_100k_children_year=(40.0, 6.0, 3.0, 1.0),
        close_repeat_share=0.04,
        several_victims_share=0.04,
        longest_episode_days=30,  # by definition: abuse of a child within 30 days is one episode
        non_resident_share=0.0,
    )


def report(town: District, rates: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row per current record: the columns of core.record as stated, and the truth as `true_…` and `child_…`."""
    rows = _reported(town.incidents, rates, rng)
    truth = town.incidents.take(rows["incident"].to_numpy())
    child = town.children.take(truth["child"].to_numpy())
    rows = pd.concat(
        [
            rows,
            truth.drop(columns=["child", "repeat"]).add_prefix("true_").set_index(rows.index),
            child.add_prefix("child_").set_index(rows.index),
        ],
        axis=1,
    ).assign(true_incident_id=rows["incident"], true_child_id=truth["child"].to_numpy())
    draw = Draw(rates, rows["source"].to_numpy(), rng)
    for step in (_add_dates, _add_person, _add_tokens, _add_injury, _add_violence):
        rows = step(rows, town.plan, draw)
    return rows.assign(
        record_id=_record_ids(draw),
        source_code=district.coded(rows["source"].to_numpy(), SOURCES),
        institution_id=_institutions(rows, rng),
    )


def _reported(incidents: pd.DataFrame, rates: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Which source reports which incident, and how often: (incident, source, kind)."""
    parts = []
    reported = 1 - rates.loc["unreported"].to_numpy(dtype=float)
    for number, source in enumerate(SOURCES):
        probability = _reach(incidents, source) * reported[number]
        incident = np.flatnonzero(rng.random(len(incidents)) < probability)
        parts.append(pd.DataFrame({"incident": incident, "source": number, "kind": FIRST}))
    first = pd.concat(parts, ignore_index=True)
    draw = Draw(rates, first["source"].to_numpy(), rng)
    sent_on = (incidents["outcome"] == "transferred").to_numpy()[first["incident"]] & draw.share(0.6)
    transfers = first[draw.hit("transfer") | (sent_on & (first["source"] == SOURCES.index("hospital")))]
    follow_ups, doubles = first[draw.hit("follow_up")], first[draw.hit("double_entry")]
    again = (transfers.assign(kind=TRANSFER), follow_ups.assign(kind=FOLLOW_UP), doubles.assign(kind=DOUBLE_ENTRY))
    rows = pd.concat([first, *again], ignore_index=True)
    return rows.take(rng.permutation(len(rows))).reset_index(drop=True)


def _reach(incidents: pd.DataFrame, source: str) -> Floats:
    """When the source learns of an incident: the last line that applies gives the probability."""
    probability = np.zeros(len(incidents))
    for line in table("reach"):
        if line["source"] == source:
            probability[holds(incidents, line["condition"])] = float(line["probability"])
    return probability


def _record_ids(draw: Draw) -> list[str]:
    numbers = np.sort(draw.rng.integers(0, 2**64, draw.size, dtype=np.uint64))  # the rows are in random order already
    return [f"{number:016x}" for number in numbers.tolist()]


def _institutions(rows: pd.DataFrame, rng: np.random.Generator) -> "pd.Categorical[str]":
    """Invented facility codes: a child's own school, its township's police, one of the district's four hospitals."""
    source, child, township = (rows[name].to_numpy() for name in ("source", "true_child_id", "child_township"))
    region = township // TOWNSHIPS_PER_DISTRICT
    number = region.copy()  # one registry, procuratorate and court to a district
    for name, per_township in INSTITUTIONS_PER_TOWNSHIP.items():
        own = township * per_township + child % per_township
        number = np.where(source == SOURCES.index(name), own, number)
    usual = district.pick_one(rng, HOSPITAL_WEIGHTS, int(rows["incident"].to_numpy().max(initial=0)) + 1)[
        rows["incident"]
    ]
    moved = np.where(rows["kind"] == TRANSFER, rng.integers(1, len(HOSPITAL_WEIGHTS), len(rows)), 0)
    hospital = region * len(HOSPITAL_WEIGHTS) + (usual + moved) % len(HOSPITAL_WEIGHTS)
    number = np.where(source == SOURCES.index("hospital"), hospital, number)
    found, position = np.unique(source * 100_000 + number, return_inverse=True)
    codes = tuple(f"{INSTITUTION_LETTER[SOURCES[one // 100_000]]}{one % 100_000 + 1:04d}" for one in found.tolist())
    return district.coded(position.astype(np.int64), codes)


def _add_dates(rows: pd.DataFrame, _: Plan, draw: Draw) -> pd.DataFrame:
    """Days of the event and the report as the record states them; late reports and follow-ups dated by the visit."""
    rng, kind = draw.rng, rows["kind"].to_numpy()
    registry = rows["source"].to_numpy() == SOURCES.index("death_registry")
    true_day = rows["true_day"].to_numpy() + rng.integers(0, rows["true_episode_days"].to_numpy() + 1)
    wait = np.select(
        [kind == FOLLOW_UP, kind == TRANSFER], [rng.integers(2, 22, draw.size), rng.integers(0, 3, draw.size)], 0
    )
    visit_day = np.where(registry, rows["true_death_day"].to_numpy(), true_day + wait)
    by_visit = ((kind == FOLLOW_UP) & draw.share(0.3)) | (registry & draw.share(0.5))
    shift = np.array((-1, 1, -2, 2, -3, 3))[district.pick_one(rng, (18, 42, 8, 17, 5, 10), draw.size)]
    day = np.where(by_visit, visit_day, true_day) + np.where(draw.hit("date_off"), shift, 0)
    lag = np.round(draw.value("lag_days") * np.exp(0.7 * rng.standard_normal(draw.size))).astype(np.int64)
    late = np.where(draw.hit("late"), rng.integers(45, 400, draw.size), 0)
    visit_day = np.maximum(visit_day, day)  # nobody writes a day that is still to come
    reported_day = visit_day + lag + late
    rows = rows.assign(visit_day=visit_day, reported_day=reported_day)
    rows = rows.assign(visit_date=district.timestamps(visit_day), reported_date=district.timestamps(reported_day))
    return _add_stated_dates(rows, day, by_visit, draw)


def _add_stated_dates(rows: pd.DataFrame, day: Ints, by_visit: Flags, draw: Draw) -> pd.DataFrame:
    """The interval of days that the record leaves open, its precision and the hour."""
    month, _ = district.month_and_day(day)
    first_day, last_day = district.first_day(month), district.first_day(month + 1) - 1
    month_only, missing = draw.hit("month_only"), draw.hit("date_missing")
    flagged = month_only & draw.share(0.8)  # the others pass for an exact day: the first of the month
    ten_days, third = flagged & draw.share(0.3), np.minimum((day - first_day) // 10, 2)
    reported_day = rows["reported_day"].to_numpy()
    earliest = reported_day - draw.value("lag_limit_days").astype(np.int64)
    cases = [missing, ten_days, month_only]
    begin = np.select(cases, [earliest, first_day + 10 * third, first_day], day)
    end_of_ten = np.where(third == 2, last_day, first_day + 10 * third + 9)
    end = np.select(cases, [reported_day, end_of_ten, np.where(flagged, last_day, first_day)], day)
    no_hour = draw.hit("hour_missing") | month_only | missing
    hour = np.where(by_visit | draw.share(0.1), draw.rng.integers(8, 20, draw.size), rows["true_hour"].to_numpy())
    precision = np.select([missing, ten_days, flagged, no_hour], [0, 1, 2, 3], 4)
    return rows.assign(
        event_date_from=district.timestamps(begin),
        event_date_to=district.timestamps(end),
        date_precision=district.coded(precision, ("unknown", "ten_days", "month", "day", "hour")),
        event_hour=_numbers(hour, no_hour),
    )


def _numbers(values: Ints, missing: Flags) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(values.astype(np.int64), missing)


def _add_person(rows: pd.DataFrame, plan: Plan, draw: Draw) -> pd.DataFrame:
    """Birth month, age, sex and township as stated, with the usual slips."""
    birth_day = rows["child_birth_day"].to_numpy()
    slip = np.array((-1, 1, -12, 12))[district.pick_one(draw.rng, (3, 3, 2, 2), draw.size)]
    month, day_in_month = district.month_and_day(birth_day)
    month = month + np.where(draw.hit("birth_wrong"), slip, 0)
    only_year = draw.hit("january_birth")
    month = np.where(only_year, month // 12 * 12, month)
    age = np.clip(district.completed_years(birth_day, rows["visit_day"].to_numpy()), 0, 17) + draw.hit("age_nominal")
    sex = rows["child_sex"].to_numpy() ^ draw.hit("sex_wrong")
    township = _township(rows["child_township"].to_numpy(), len(plan.townships), draw)
    birth_month = district.timestamps(district.first_day(month))
    birth_month[draw.hit("birth_missing")] = np.datetime64("NaT")
    return rows.assign(
        stated_birth_day=district.first_day(month) + np.where(only_year, 0, day_in_month),
        stated_sex=sex,
        birth_month=birth_month,
        age_years=_numbers(age, draw.hit("age_missing")),
        sex=district.coded(np.where(draw.hit("sex_missing"), -1, sex), frequencies.SEXES),
        township_code=district.coded(np.where(draw.hit("township_missing"), -1, township), plan.townships),
    )


def _township(township: Ints, townships: int, draw: Draw) -> Ints:
    """Now and then another township of the same district."""
    begin = township // TOWNSHIPS_PER_DISTRICT * TOWNSHIPS_PER_DISTRICT
    width = np.minimum(TOWNSHIPS_PER_DISTRICT, townships - begin)
    other = begin + (township - begin + draw.rng.integers(1, np.maximum(width, 2))) % width
    return np.where(draw.hit("township_wrong"), other, township)


def _add_tokens(rows: pd.DataFrame, _: Plan, draw: Draw) -> pd.DataFrame:
    """Keyed tokens: missing together more often than alone, now and then a parent's, a placeholder's, a misspelt name's."""
    key = Key(draw.rng.bytes(32))
    one_form = draw.rng.random(draw.size)  # a form without identity lacks every token at once
    tokens = {}
    for kind, subject in _token_subjects(rows, draw).items():
        blank = np.where(draw.share(0.3), one_form, draw.rng.random(draw.size)) < draw.value(f"{kind}_missing")
        tokens[f"{kind}_token"] = _token(key, kind, subject, blank)
    is_case = np.isin(rows["source"].to_numpy(), [SOURCES.index(name) for name in CASE_SOURCES])
    case = rows["true_group"].to_numpy() * 2 + (rows["kind"] == DOUBLE_ENTRY).to_numpy()  # two numbers if entered twice
    tokens["case_token"] = _token(key, "case", case, ~is_case | draw.hit("case_missing"))
    return rows.assign(**tokens)


def _token_subjects(rows: pd.DataFrame, draw: Draw) -> dict[str, Ints]:
    """Whom or what each personal token of a record really stands for, as a number."""
    child, family = rows["true_child_id"].to_numpy(), rows["child_family"].to_numpy()
    placeholder = draw.hit("placeholder")
    # some families always give the mother's number: then brothers, sisters and twins share a token
    habit = draw.rng.random(family.max(initial=0) + 1)[family] < PARENT_ID_FAMILIES
    parent = habit & (draw.rng.random(draw.size) < draw.value("parent_id") / PARENT_ID_FAMILIES)
    variant = np.where(draw.hit("name_variant"), 1 + district.pick_one(draw.rng, (0.6, 0.3, 0.1), draw.size), 0)
    born_and_sex = (rows["stated_birth_day"].to_numpy() + 2**15) * 2 + rows["stated_sex"].to_numpy()
    name = (rows["child_name"].to_numpy() * 4 + variant) * 2**18 + born_and_sex
    return {
        "id": np.select([placeholder, parent], [-1, -2 - family], child),
        "name": np.where(placeholder, -1, name),
        "phone": (family * 2 + draw.share(0.3)) * 2 + draw.share(0.05),
    }


def _token(key: Key, kind: str, subject: Ints, blank: Flags) -> pd.Series:
    """A keyed token of each subject, missing where blank; every token kind has its own key."""
    found, position = np.unique(subject[~blank], return_inverse=True)
    words = rekey(derive(key, kind), pa.array(found).cast(pa.string()))
    row = np.full(len(subject), -1, dtype=np.int64)
    row[~blank] = position
    return pd.Series(pd.array(words, dtype="str").take(row, allow_fill=True))


def _add_injury(rows: pd.DataFrame, _: Plan, draw: Draw) -> pd.DataFrame:
    """Mechanism, place, nature, body part, severity, outcome and death as this source sees them."""
    hospital = rows["source"].to_numpy() == SOURCES.index("hospital")
    dead = rows["true_is_death"].to_numpy()
    known_dead = dead & (~hospital | (rows["visit_day"] == rows["true_death_day"]) | draw.share(0.5))
    severity = np.clip(
        _codes(rows, "severity") + np.where(draw.share(0.08), draw.rng.choice((-1, 1), draw.size), 0), 0, 2
    )
    outcome = np.where(dead & ~known_dead, frequencies.OUTCOMES.index("hospitalised"), _codes(rows, "outcome"))
    outcome = np.where(rows["kind"] == FOLLOW_UP, 0, outcome)
    mechanism = np.where(
        draw.hit("mechanism_wrong"), _confused(_codes(rows, "mechanism"), draw), _codes(rows, "mechanism")
    )
    return rows.assign(
        mechanism=district.coded(mechanism, frequencies.MECHANISMS),
        place=_observed(rows, "place", frequencies.PLACES, draw),
        nature=_observed(rows, "nature", frequencies.NATURES, draw),
        body_part=_observed(
            rows, "body_part", frequencies.BODY_PARTS, draw, missing="body_missing", wrong="body_wrong"
        ),
        severity=district.coded(np.where(draw.hit("severity_missing"), -1, severity), frequencies.SEVERITIES),
        outcome=district.coded(np.where(hospital | known_dead, outcome, -1), frequencies.OUTCOMES),
        is_death=known_dead,
    )


def _codes(rows: pd.DataFrame, name: str) -> Ints:
    return np.asarray(rows[f"true_{name}"].cat.codes, dtype=np.int64)


def _confused(mechanism: Ints, draw: Draw) -> Ints:
    """The mechanism a hurried clerk would tick instead; a fifth say unknown."""
    likely = {line.pop("mechanism"): [*line.values(), "unknown"] for line in table("confused_mechanisms")}
    words = np.array([[frequencies.MECHANISMS.index(word) for word in likely[one]] for one in frequencies.MECHANISMS])
    return np.asarray(words[mechanism, district.pick_one(draw.rng, (4, 3, 1, 2), draw.size)])


def _observed(
    rows: pd.DataFrame, name: str, words: tuple[str, ...], draw: Draw, missing: str = "", wrong: str = ""
) -> "pd.Categorical[str]":
    """A coded field: unknown where the source left it out, any other word where it is wrong."""
    code = _codes(rows, name)
    other = (code + draw.rng.integers(1, len(words) - 1, draw.size)) % (len(words) - 1)
    code = np.where(draw.hit(wrong or f"{name}_wrong"), other, code)
    return district.coded(np.where(draw.hit(missing or f"{name}_missing"), len(words) - 1, code), words)


def _add_violence(rows: pd.DataFrame, _: Plan, draw: Draw) -> pd.DataFrame:
    """Intent as stated: violence and self-harm are often called accidents, seldom the reverse."""
    intent = _codes(rows, "intent")
    hidden = (intent != 0) & (draw.rng.random(draw.size) < 4 * draw.value("intent_wrong"))
    suspected = (intent == 0) & (draw.rng.random(draw.size) < 0.05 * draw.value("intent_wrong"))
    intent = np.select([draw.hit("intent_missing"), hidden, suspected], [-1, 0, 2], intent)
    told = (intent == 2) & (_codes(rows, "violence_type") >= 0)
    unknown = frequencies.VIOLENCE_TYPES.index("unknown")
    violence = np.where(draw.share(0.15) | ~told, unknown, _codes(rows, "violence_type"))
    perpetrator = np.where(
        draw.share(0.25) | ~told, len(frequencies.PERPETRATORS) - 1, _codes(rows, "perpetrator_relation")
    )
    return rows.assign(
        intent=district.coded(intent, frequencies.INTENTS),
        violence_type=district.coded(np.where(intent == 2, violence, -1), frequencies.VIOLENCE_TYPES),
        perpetrator_relation=district.coded(np.where(intent == 2, perpetrator, -1), frequencies.PERPETRATORS),
    )
