"""How many incidents, records and children every cell of every cube holds.

One pass over core.incident marks what each rule counts and numbers the categories that an incident belongs to; each cube
is then one grouping over those numbers. A child is counted once per cell, which is dear only for children with several
incidents in a period: of all others their number is known beforehand.
"""

import itertools
from collections.abc import Sequence

import pandas

from ddk_surveillance.indicators import recount
from ddk_surveillance.indicators.definition import Rule, counted_sql, tier_sql
from ddk_surveillance.library import Library
from ddk_surveillance.warehouse import Warehouse

INCIDENTS = "(SELECT *, rowid FROM core.incident_version WHERE known_to IS NULL)"  # core.incident with row numbers
GROUPINGS = ("age5", "stage", "legal")
POPULATED = ("all", "sex", "township", *GROUPINGS)  # it is known how many children each of their categories has
# Dimensions by every period: of the incident's own columns, each with a code list; then those by year only.
CODED = {"sex": "sex", "mechanism": "mechanism", "place": "place", "intent": "intent", "severity": "severity"}
CODED_BY_YEAR = {"activity": "activity", "care_level": "care_level", "violence_type": "violence_type", "hukou": "hukou"}
# How deep a dimension lies: the categories of an incident are listed in this order, and some rules count the first only.
DEPTHS = {"all": 1, "township": 2, "age5": 3}
EVERY_PERIOD, EVERYTHING = 98, 99  # of all other dimensions; more than an incident has categories


def count(db: Warehouse, rules: Sequence[Rule]) -> None:
    """Fill mart.counted, ref.age_group and the temporary tables `rule`, `category`, `period`, `case_count`, `child_count` and
    cell_count(rule, period_type, position, category_number, sex, …), whose `position` numbers the periods of a type."""
    _offer_rules(db, rules)
    _make_categories(db, rules)
    state = recount.look(db)
    if not (state and _count_changed(db, rules, state)):
        _make_tally(db, rules, INCIDENTS)
        db.execute(f"DELETE FROM mart.counted; INSERT INTO mart.counted BY NAME {db.statement('mart.counted')}")
        _make_periods(db)
        _count_cells(db)
        recount.keep(db)


def _count_changed(db: Warehouse, rules: Sequence[Rule], state: recount.State) -> bool:
    """Only what the children with changed incidents add to the cells now, less what they added before.

    False if that is not possible: then nothing of it may be used.
    """
    if not recount.find_changed(db, state):
        return False
    _make_tally(db, rules, "incident_now")
    db.execute(f"DELETE FROM mart.counted WHERE {recount.OF_CHANGED}")
    db.execute(f"INSERT INTO mart.counted BY NAME {db.statement('mart.counted')}")
    _make_periods(db)
    if recount.span(db) != state.span:  # windows of twelve months would reach into months that were not counted
        return False
    _count_cells(db)
    recount.set_aside(db)
    _make_tally(db, rules, "incident_before")
    _count_cells(db)
    recount.merge(db)
    recount.remember(db)
    return True


def _make_tally(db: Warehouse, rules: Sequence[Rule], incidents: str) -> None:
    """tally and marked: what each rule counts of these incidents, which hold all those of each of their children."""
    tiers = _tier_columns(rules)
    _mark(db, rules, tiers, incidents)
    selects = [_qualifying_sql(number, rule, tiers) for number, rule in enumerate(rules)]
    db.execute(f"CREATE OR REPLACE TEMP TABLE qualifying AS {' UNION ALL '.join(selects)}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE tally AS {db.statement('mart.tally')}; DROP TABLE qualifying")


def _make_periods(db: Warehouse) -> None:
    db.execute(f"CREATE OR REPLACE TEMP TABLE period AS {db.statement('mart.period')}")


def _count_cells(db: Warehouse) -> None:
    db.execute(f"CREATE OR REPLACE TEMP TABLE month_count AS {db.statement('mart.month_count')}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE cell_count AS {db.statement('mart.cell_count')}")
    db.execute(f"INSERT INTO cell_count BY NAME {db.statement('mart.rolling_count')}")
    for cases in ("case_count", "child_count"):
        db.execute(f"CREATE OR REPLACE TEMP TABLE {cases} AS {db.statement(f'mart.{cases}')}")


def _offer_rules(db: Warehouse, rules: Sequence[Rule]) -> None:
    frame = pandas.DataFrame(
        [(number, rule.code, rule.definition.version, rule.analysis, rule.definition.unit, rule.definition.denominator,
          list(rule.definition.depends_on), list(rule.definition.tiers_counted), rule.first_year, rule.last_year,
          rule.is_measure, *_depths(rule), *rule.definition.ages.of_denominator,
          rule.definition.ages.from_years, rule.definition.ages.to_years)
         for number, rule in enumerate(rules)],
        columns=["rule", "indicator_code", "definition_version", "analysis", "unit", "population_type", "depends_on",
                 "tiers", "first_year", "last_year", "is_measure", "depth_of_years", "depth_of_parts",
                 "first_age", "last_age", "youngest", "oldest"],
    )  # fmt: skip
    with db.offering(declared=frame):
        db.execute("CREATE OR REPLACE TEMP TABLE rule AS SELECT * REPLACE (rule::USMALLINT AS rule) FROM declared")


def _depths(rule: Rule) -> tuple[int, int]:
    """How deep a rule is counted in whole years, and in parts of years: analyses for years of the district only."""
    if rule.analysis:
        return DEPTHS["all"], 0
    return (DEPTHS["age5"], DEPTHS["all"]) if rule.is_measure else (EVERYTHING, EVERY_PERIOD)


def _make_categories(db: Warehouse, rules: Sequence[Rule]) -> None:
    """category(category_number, dimension, category, …): every value a dimension can take, `unknown` the last of each."""
    categories = {"all": ["all"], "source": sorted(db.library.sources)}
    categories["tier"] = [name for rule in rules for name in rule.definition.tiers]
    for name in GROUPINGS:
        categories[name] = [row["code"] for row in db.library.code_rows("age_group") if row["grouping"] == name]
    for name in ("township", *CODED, *CODED_BY_YEAR, "plan_cause"):
        categories[name] = list(db.library.code_labels(name))
    known = [(name, code) for name, codes in categories.items() for code in dict.fromkeys(codes) if code != "unknown"]
    rows = sorted([*known, *((name, "unknown") for name in categories if name != "all")], key=lambda row: row[0])
    depths = {**DEPTHS, **dict.fromkeys((*CODED_BY_YEAR, "plan_cause", "tier"), EVERYTHING)}
    frame = pandas.DataFrame(
        [(number, *row, row[0] in POPULATED, depths.get(row[0], EVERY_PERIOD)) for number, row in enumerate(rows)],
        columns=["category_number", "dimension", "category", "is_populated", "depth"],
    )
    groups = pandas.DataFrame(db.library.code_rows("age_group"))
    with db.offering(declared=frame, groups=groups):
        db.execute("""
            CREATE OR REPLACE TEMP TABLE category AS
            SELECT * REPLACE (category_number::USMALLINT AS category_number),
                row_number() OVER (ORDER BY dimension, category)::USMALLINT AS category_order FROM declared;
            DELETE FROM ref.age_group;
            INSERT INTO ref.age_group
            SELECT grouping, code, from_years::INTEGER, to_years::INTEGER FROM groups ORDER BY ALL""")


def _tier_columns(rules: Sequence[Rule]) -> dict[str, str]:
    """The columns that hold the tiers of each definition that has some, by their SQL: sub-measures share it."""
    tiered = dict.fromkeys(tier_sql(rule.definition) for rule in rules if rule.definition.tiers)
    return {sql: f"tier_{number}" for number, sql in enumerate(tiered)}


def _mark(db: Warehouse, rules: Sequence[Rule], tiers: dict[str, str], incidents: str) -> None:
    """marked: every incident with its categories, the tier it has by each definition, and which rules count it."""
    numbers = _numbers(db)
    terms = [counted_sql(rule.definition, tiers.get(tier_sql(rule.definition), "")) for rule in rules]
    asked = {term: f"asked_{number}" for number, term in enumerate(dict.fromkeys(itertools.chain(*terms)))}
    marks = [f"{' AND '.join(asked[term] for term in own)} AS rule_{number}" for number, own in enumerate(terms)]
    marks += [f"{_number(numbers['tier'], column)} AS number_of_{column}" for column in tiers.values()]
    everywhere = [str(numbers["all"]["all"]), _number(numbers["township"], "township_code")]
    everywhere += [_age_number(db.library, numbers[name], name) for name in GROUPINGS]
    everywhere += [_number(numbers[name], column) for name, column in CODED.items()]
    by_year = [_number(numbers[name], column) for name, column in CODED_BY_YEAR.items()]
    by_year.append(_number(numbers["plan_cause"], _plan_cause_sql(db.library)))
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE marked AS
        SELECT incident, incident_id, child_id, hash(child_id) AS child, sources, records, is_death, event_date, death_date,
            {_known(numbers["sex"], "sex")}, {_known(numbers["township"], "township_code")}, age_years,
            ([{", ".join(everywhere)}] || source_numbers || [{", ".join(by_year)}])::USMALLINT[] AS categories,
            {len(everywhere)} + len(source_numbers) AS of_every_period, {", ".join(marks)}
        FROM (SELECT *{_columns(asked)} FROM (SELECT *{_columns(tiers)}, rowid AS incident FROM {incidents}))
        JOIN (SELECT sources, list({_number(numbers["source"], "source")}) AS source_numbers
              FROM (SELECT sources, unnest(string_split(sources, ',')) AS source FROM (SELECT DISTINCT sources FROM {incidents}))
              GROUP BY sources) USING (sources)""")


def _columns(named: dict[str, str]) -> str:
    """SQL → name, as further columns: what many rules ask is computed once."""
    return "".join(f", {sql} AS {column}" for sql, column in named.items())


def _qualifying_sql(number: int, rule: Rule, tiers: dict[str, str]) -> str:
    """The incidents of one rule in the years for which its definition holds."""
    one = rule.definition
    counted_date = f"coalesce({one.date}, event_date)"
    tier = f"number_of_{tiers[tier_sql(one)]}" if one.tiers else "NULL"
    return f"""
        SELECT {number}::USMALLINT AS rule, incident, child, records, is_death, {counted_date} AS counted_date, sex,
            {tier}::USMALLINT AS tier_number
        FROM marked
        WHERE rule_{number} AND year({counted_date}) BETWEEN {rule.first_year} AND {rule.last_year}"""


def _numbers(db: Warehouse) -> dict[str, dict[str, int]]:
    """Dimension → category → its number."""
    numbers: dict[str, dict[str, int]] = {}
    for dimension, category, number in db.rows("SELECT dimension, category, category_number FROM category ORDER BY 3"):
        numbers.setdefault(dimension, {})[category] = number
    return numbers


def _number(numbers: dict[str, int], expression: str) -> str:
    """A code as the number of its category; one that no list knows is unknown."""
    known = [code for code in numbers if code != "unknown"]  # their numbers follow each other
    codes = ", ".join(f"'{code}'" for code in known)
    return f"coalesce(list_position([{codes}], {expression}) + {numbers[known[0]] - 1}, {numbers['unknown']})"


def _known(numbers: dict[str, int], column: str) -> str:
    """A code as it is; one that no list knows is unknown."""
    return f"if({column} IN ({', '.join(map(repr, numbers))}), {column}, 'unknown') AS {column}"


def _age_number(library: Library, numbers: dict[str, int], grouping: str) -> str:
    groups = [row for row in library.code_rows("age_group") if row["grouping"] == grouping]
    cases = " ".join(
        f"WHEN age_years BETWEEN {row['from_years']} AND {row['to_years']} THEN {numbers[row['code']]}"
        for row in groups
    )
    return f"CASE {cases} ELSE {numbers['unknown']} END"


def _plan_cause_sql(library: Library) -> str:
    """The priority causes of the plan: by ICD-10 where there is a code, else by the cause on the card."""
    rows = library.code_rows("plan_cause")
    specific = sorted(rows, key=lambda row: -len(row["icd10_pattern"]))  # the last is the pattern of all others
    by_code = [
        f"WHEN regexp_matches(icd10_external, '^({row['icd10_pattern']})') THEN '{row['code']}'" for row in specific
    ]
    by_card = [
        f"WHEN mechanism = '{cause}' THEN '{row['code']}'" for row in rows for cause in row["card_mechanism"].split("|")
    ]
    return f"CASE {' '.join([*by_code, *by_card])} END"
