"""The SQL that turns received text into our columns, generated from a contract.

Identifiers come from validated contracts only; every value is compared as a quoted constant of the declaration, never
as text from a row.
"""

import re
from collections.abc import Iterable

from ddk_surveillance.contracts import NOT_A_TOKEN, NOT_KEPT, Rule, Source
from ddk_surveillance.library import BOOKKEEPING, POSITION, Library
from ddk_surveillance.normalise.lookups import FIELDS, IMPLIED_BY_ICD10, Lookup
from ddk_surveillance.text.missing import EMPTY, MARKS
from ddk_surveillance.warehouse import among_sql, literal

# What a spreadsheet leaves of a long number: 2.02403E+11. Two numbers may look the same then.
DIGITS_LOST = r"[0-9]\.[0-9]+[Ee]\+?[0-9]{1,2}|[0-9][Ee]\+[0-9]{1,2}"
OF_NO_NUMBER = r'["\t\r\n\x{FFFD}]'  # left by a lone quotation mark, a broken line, a lost character
PERHAPS_SEVERAL = r"\S[/|+&\\和及与 ]+\S"
# Longer ones name nothing: a cell that was never closed, or a whole document.
LONGEST_CHARACTERS = {"identifier": 64, "text": 500}


def base_select(source: Source) -> str:
    """Rows of the waiting batches, known mistakes corrected, cases exploded to victims, combined columns put together."""
    combined = ", ".join(
        f"{_put_together(column.combine)} AS {name}"
        for name, column in source.columns.items()
        if column.combine and name not in source.beside_each_other
    )
    rows = _corrected(source, f"SELECT * FROM received.{source.source} WHERE batch_id IN (FROM waiting)")
    rows = _exploded(source, rows) if source.victims else f"SELECT *, 1 AS victim_number FROM ({rows})"
    return f"SELECT *, {combined} FROM ({rows})" if combined else rows


def _put_together(parts: tuple[str, ...]) -> str:
    """2024-5-17; of parts of which one is empty 2024-5-, so that none can stand in the place of another."""
    texts = " || '-' || ".join(f"coalesce({part}, '')" for part in parts)
    return f"CASE WHEN coalesce({', '.join(parts)}) IS NOT NULL THEN {texts} END"


def _corrected(source: Source, rows: str) -> str:
    """The source's declared corrections, each judged by the text as it came, and which of them a row needed."""
    if not source.corrections:
        return rows
    cases: dict[str, str] = {}
    needed = []
    for name, correction in source.corrections.items():
        texts = [*correction.when.items()]
        texts += [(str(source.institution), correction.institutions)] if correction.institutions else []
        holds = " AND ".join(f"{column} IN ({', '.join(map(literal, values))})" for column, values in texts)
        needed.append(f"CASE WHEN {holds} THEN 'corrected' END AS corrected_{name}")
        for column, value in correction.set.items():
            cases[column] = f"{cases.get(column, '')} WHEN {holds} THEN {literal(value)}"
    replaced = ", ".join(f"CASE{whens} ELSE {column} END AS {column}" for column, whens in cases.items())
    return f"SELECT * REPLACE ({replaced}), {', '.join(needed)} FROM ({rows})"


def _exploded(source: Source, rows: str) -> str:
    """One row per victim: a cell with one part holds for all, a cell with as many parts as victims is dealt out.

    Where each victim has columns of its own, one of whom they say nothing is none; but a row stays a row.
    """
    assert source.victims is not None
    separator = literal(source.victims.separator)
    names = [name for name in source.victims.columns if source.columns[name].headers]
    beside = source.beside_each_other
    lists = {name: f"string_split_regex({name}, {separator})" for name in names}
    lists |= {name: f"[{', '.join(map(_said, columns))}]" for name, columns in beside.items()}
    lists |= {name: f"[{', '.join(map(literal, values))}]" for name, values in source.victims.each.items()}
    parts = ", ".join(f"{cells} AS parts_{name}" for name, cells in lists.items())
    count = f"greatest(1, {', '.join(f'coalesce(len(parts_{name}), 1)' for name in lists)})"
    said = ", ".join(f"parts_{name}[victims_place]" for name in beside)
    places = "range(1, victims + 1)"
    if beside:
        places = f"list_filter({places}, lambda victims_place: coalesce({said}) IS NOT NULL)"
        places = f"CASE WHEN len({places}) = 0 THEN [1] ELSE {places} END"
    dealt = ", ".join(
        f"CASE WHEN len(parts_{name}) = 1 THEN {name} WHEN len(parts_{name}) = victims "
        f"THEN nullif(trim(parts_{name}[victims_place]), '') END AS {name}"
        for name in names
    )
    more = "".join(f", parts_{name}[victims_place] AS {name}" for name in beside)
    more += "".join(f", parts_{name}[victims_place] AS each_{name}" for name in source.victims.each)
    agree = " AND ".join(f"coalesce(len(parts_{name}), 1) IN (1, victims)" for name in lists)
    drop = ", ".join([*(f"parts_{name}" for name in lists), "victims", "victims_places", "victims_place"])
    return f"""
        SELECT * EXCLUDE ({drop}) {f"REPLACE ({dealt})" if dealt else ""}{more}, ({agree}) AS victims_agree
        FROM (SELECT *, unnest(victims_places) AS victims_place, unnest(range(1, len(victims_places) + 1))::INTEGER AS victim_number
              FROM (SELECT *, {places} AS victims_places
                    FROM (SELECT *, {count} AS victims FROM (SELECT *, {parts} FROM ({rows})))))"""


def _said(name: str) -> str:
    """The text of a column unless it says nothing."""
    return (
        f"CASE WHEN NOT regexp_full_match(lower({name}), {literal(f'{MARKS.pattern}|{EMPTY.pattern}')}) THEN {name} END"
    )


def recoded_select(library: Library, source: Source, lookups: tuple[Lookup, ...], is_small: bool) -> str:
    """One SELECT: parsed values, then constants and rules in their order, then what follows from them.

    It takes longer to plan as one than to keep the parsed values of a few rows in between.
    """
    silent = {lookup.name for lookup in lookups if not len(lookup.table)}
    joined = _joined(lookup for lookup in lookups if lookup.name not in silent)
    steps = [f"parsed AS {'MATERIALIZED' if is_small else ''} ({_without(silent, _parsed(library, source))} {joined})"]
    for number, rule in enumerate(source.rules):
        previous = "parsed" if number == 0 else f"ruled_{number - 1}"
        steps.append(f"ruled_{number} AS ({_ruled(library, source, rule, previous)})")
    last = f"ruled_{len(source.rules) - 1}" if source.rules else "parsed"
    if source.target == "record":
        final = _identified(library, source, _derived(source, last))
    else:  # a row of both sexes would count everybody twice
        usual = "coalesce(population_type, 'resident') AS population_type"
        final = f"SELECT * REPLACE (nullif(sex, 'unknown') AS sex, {usual}) FROM {last}"
    return f"WITH {', '.join(steps)} {final}"


def _identified(library: Library, source: Source, rows: str) -> str:
    """record_id from the source's own number, else from the content; content_hash from all that the record says.

    Equal rows of one file are one record, unless the source says that every row is an incident: then the second of
    them is that of every file that holds two.
    """
    said = [name for name in library.target_table(source).columns
            if name not in (*BOOKKEEPING, *POSITION, "record_id", "content_hash")]  # fmt: skip
    institution = [source.columns[source.institution].to or source.institution] if source.institution else []
    numbered = _hash(["source_code", *institution, *source.numbered_by, "victim_number"])
    place = f"nullif(row_number() OVER ({_EQUAL_ROWS}), 1)" if source.linkage.every_row_is_an_incident else "NULL"
    unnumbered = _hash(["content_hash", f"concat_ws('.', victim_number, {place})"])
    return f"""
        SELECT * REPLACE (CASE WHEN {_is_numbered(source)} THEN {numbered}
                          ELSE {unnumbered} END AS record_id)
        FROM (SELECT * REPLACE ({_hash(said)} AS content_hash) FROM ({rows}))"""


_EQUAL_ROWS = "PARTITION BY batch_id, content_hash, victim_number ORDER BY sheet, row_number"


def reused_numbers(source: Source) -> str:
    """One number with two contents inside one file is a mistake of the file, never a correction."""
    numbered = f"FROM recoded WHERE {_is_numbered(source)}"
    return f"""
        UPDATE recoded SET problem_record_key = '{"case_in_two_rows" if source.victims else "record_number_reused"}'
        WHERE {_is_numbered(source)} AND (batch_id, record_id) IN (
            SELECT batch_id, record_id {numbered} GROUP BY ALL
            HAVING min(hash(content_hash)) <> max(hash(content_hash)))"""


def cells_given_twice() -> str:
    """Two figures for one cell of a population in one file are parts of it, or one is wrong: either alone is too few."""
    cell = "hash(batch_id, year, township_code, sex, age_years, population_type)"
    known = "year IS NOT NULL AND age_years IS NOT NULL"
    return f"""
        UPDATE recoded SET problem_row = 'population_given_twice' WHERE {known} AND {cell} IN (
            SELECT {cell} FROM recoded WHERE {known} GROUP BY ALL HAVING min(value) <> max(value))"""


def _is_numbered(source: Source) -> str:
    return " AND ".join(f"{name} IS NOT NULL" for name in source.numbered_by) or "false"


def _hash(columns: list[str]) -> str:
    """16 hex characters that depend on every column and on which of them are empty."""
    parts = ", ".join(f"coalesce({name}::VARCHAR, chr(30))" for name in columns)
    return f"substr(md5(concat_ws(chr(31), {parts})), 1, 16)"


def _without(silent: set[str], selected: str) -> str:
    """A file fills a third of its feed's columns, and planning a join costs more than the join: the others are empty outright."""
    return re.sub(r"(lookup_\w+)\.\w+", lambda found: "NULL" if found[1] in silent else found[0], selected)


def _joined(lookups: Iterable[Lookup]) -> str:
    joins = []
    for lookup in lookups:
        conditions = [f"e.{lookup.keys[0]} = {lookup.name}.k0"]
        conditions += [
            f"{key} IS NOT DISTINCT FROM {lookup.name}.k{place}" for place, key in enumerate(lookup.keys) if place > 0
        ]
        joins.append(f"LEFT JOIN {lookup.name} ON {' AND '.join(conditions)}")
    return " ".join(["FROM exploded e", *joins])


def _parsed(library: Library, source: Source) -> str:
    """Every target column from its lookup, from the text itself, from a constant, or empty."""
    columns = library.target_table(source).columns
    given: dict[str, str] = {}
    born = ("NULL", "NULL")
    for name, column in source.columns.items():
        target = column.to or name
        lookup = f"lookup_{name}"
        if column.kind == "date" and target == "event_date":
            given |= {"event_date_from": f"{lookup}.v_first", "event_date_to": f"{lookup}.v_last",
                      "date_precision": f"{lookup}.v_precision"}  # fmt: skip
            given.setdefault("event_hour", f"{lookup}.v_hour")
        elif column.kind == "hour" and target in given:
            given[target] = f"coalesce({lookup}.v_value, {given[target]})"
        elif column.kind == "date" and target == "birth_month":  # of a bare year nobody knows the month
            given[target] = (
                f"CASE WHEN {lookup}.v_precision <> 'year' THEN date_trunc('month', {lookup}.v_first::DATE) END"
            )
            born = (f"{lookup}.v_first", f"{lookup}.v_last")
        elif column.kind == "date":
            given[target] = f"{lookup}.v_first"
        elif column.kind == "age":
            given |= {"age_years": f"{lookup}.v_years", "age_months": f"{lookup}.v_months"}
        elif column.kind == "township":
            given |= {"township_code": f"{lookup}.v_value", "residence": f"{lookup}.v_residence"}
        elif column.kind in FIELDS:
            given[target] = f"{lookup}.v_value"
        elif column.kind == "token":
            given[target] = f"nullif(e.{name}, {literal(NOT_A_TOKEN)})"
        elif column.kind == "identifier":
            given[target] = f"CASE WHEN {lookup}.k0 IS NULL THEN regexp_replace(e.{name}, '^([0-9]+)\\.0+$', '\\1') END"
        else:
            given[target] = f"e.{name}"
    given |= {name: literal(value) for name, value in source.constants.items()}
    given |= {name: f"e.each_{name}" for name in (source.victims.each if source.victims else ())}
    given["source_code"] = literal(source.source)
    selected = [f"e.{name}" for name in POSITION]
    selected += [
        f"CAST({given.get(name, 'NULL')} AS {column.type}) AS {name}"
        for name, column in columns.items()
        if name not in BOOKKEEPING and name not in POSITION
    ]
    selected += [
        f"lookup_{code}.v_{name} AS icd_{code}_{name}"
        for code, column in source.columns.items()
        if column.kind == "icd10"
        for name in IMPLIED_BY_ICD10
    ]
    if source.target == "record":
        selected += [f"CAST({day} AS DATE) AS born_{end}" for end, day in zip(("first", "last"), born, strict=True)]
    selected += [f"lookup_{name}.v_value AS code_{name}" for name in library.extra_codes(source)]
    selected += [_problem(source, name) for name in source.parsed_columns if name != "record_key"]
    selected += [f"e.corrected_{name}" for name in source.corrections]
    return f"SELECT {', '.join(selected)}"


def _problem(source: Source, name: str) -> str:
    if name == "victims":
        return "CASE WHEN NOT e.victims_agree THEN 'victims_do_not_match' END AS problem_victims"
    if name == "row":
        return f"{_out_of_place(source)} AS problem_row"
    kind = source.columns[name].kind
    if kind in LONGEST_CHARACTERS:
        cases = [f"WHEN length(e.{name}) > {LONGEST_CHARACTERS[kind]} THEN 'too_long'"]
        if kind == "identifier":
            cases.append(f"WHEN e.{name} = {literal(NOT_KEPT.zh)} THEN 'looks_like_a_name'")
            cases += [f"WHEN regexp_full_match(e.{name}, {literal(DIGITS_LOST)}) THEN 'digits_lost'",
                      f"WHEN regexp_matches(e.{name}, {literal(OF_NO_NUMBER)}) THEN 'garbled_number'"]  # fmt: skip
        return f"CASE {' '.join(cases)} END AS problem_{name}"
    if kind == "token":
        return f"CASE WHEN e.{name} = {literal(NOT_A_TOKEN)} THEN 'not_a_token' END AS problem_{name}"
    if source.victims and name in source.victims.columns:
        not_parted = f"lookup_{name}.problem IS NOT NULL AND regexp_matches(e.{name}, {literal(PERHAPS_SEVERAL)})"
        return f"CASE WHEN {not_parted} THEN 'victims_not_parted' ELSE lookup_{name}.problem END AS problem_{name}"
    return f"lookup_{name}.problem AS problem_{name}"


def _out_of_place(source: Source) -> str:
    """A cell in the wrong column, and another such or a required cell left empty: so looks a row that was shifted."""
    strayed = [
        f"(lookup_{name}.problem IS NOT DISTINCT FROM 'of_another_column')::INTEGER"
        for name, column in source.columns.items()
        if column.kind in FIELDS
    ]
    empty = [f"(e.{name} IS NULL)::INTEGER" for name, column in source.columns.items() if column.required]
    strays = " + ".join(strayed) or "0"
    return f"CASE WHEN {strays} > 0 AND {' + '.join([strays, *empty])} > 1 THEN 'cells_out_of_place' END"


def _ruled(library: Library, source: Source, rule: Rule, previous: str) -> str:
    asked = [(_code_column(library, source, name), values) for name, values in rule.when.items()]
    condition = " AND ".join(f"coalesce({among_sql(name, values)}, false)" for name, values in asked)
    values = {name: literal(value) for name, value in rule.set.items()}
    join = ""
    if rule.from_attributes:
        code = _code_column(library, source, rule.from_attributes)
        codelist = source.columns[rule.from_attributes].codelist
        join = f" LEFT JOIN attribute_{codelist} a ON p.{code} = a.code"
        values |= {name: f"a.{name}" for name in library.attributes(str(codelist))}
    columns = library.target_table(source).columns
    changed = [
        f"CASE WHEN {condition or 'true'}{'' if rule.overrides else f' AND p.{name} IS NULL'} "
        f"THEN CAST({value} AS {columns[name].type}) ELSE p.{name} END AS {name}"
        for name, value in values.items()
    ]
    return f"SELECT p.* REPLACE ({', '.join(changed)}) FROM {previous} p{join}"


def _code_column(library: Library, source: Source, name: str) -> str:
    """Where the code of a contract column (or of our own column) stands in the parsed rows."""
    if name in library.extra_codes(source):
        return f"code_{name}"
    column = source.columns.get(name)
    return (column.to or name) if column else name


def _derived(source: Source, previous: str) -> str:
    """What follows for every record, whatever its source; what ICD-10 implies fills only what nobody said.

    Who died of an event that nobody dated was hurt on the day of death, as registers of deaths count it.
    """
    coded = [name for name, column in source.columns.items() if column.kind == "icd10"]
    implied = "".join(
        f"coalesce(nullif(p.{name}, 'unknown'), {', '.join(f'p.icd_{code}_{name}' for code in coded)}, p.{name}) AS {name},"
        for name in IMPLIED_BY_ICD10
        if coded
    )
    drop = ["born_first", "born_last", "youngest", "oldest"]
    drop += [f"icd_{code}_{name}" for code in coded for name in IMPLIED_BY_ICD10]
    problem = f"problem_{source.age_column}"
    return f"""
        SELECT p.* EXCLUDE ({", ".join(drop)}) REPLACE ({implied}
            coalesce(p.residence, 'unknown') AS residence,
            nullif(p.sex, 'unknown') AS sex,
            coalesce(p.is_death, false) AS is_death,
            CASE WHEN {_AGE_PROBLEM} IS NULL THEN coalesce(p.age_years, {_MIDDLE_AGE}) END::INTEGER AS age_years,
            coalesce(p.{problem}, {_AGE_PROBLEM}) AS {problem},
            CASE WHEN p.is_death THEN coalesce(p.death_date, p.event_date_to) END AS death_date)
        FROM (SELECT *, date_sub('year', born_last, event_date_from) AS youngest, date_sub('year', born_first, event_date_to) AS oldest
              FROM ({_dated(previous)})) p"""


# Born in the middle of what is said, hurt in the middle of what is said: the likeliest age, and of months the month decides.
_MIDDLE_AGE = """date_diff('month', p.born_first + ((p.born_last - p.born_first) // 2)::INTEGER,
                p.event_date_from + ((p.event_date_to - p.event_date_from) // 2)::INTEGER) // 12"""
# Who may be 17 or 18 is not guessed; nor who is a child by the age and none by the birth, or the reverse, by more than a slip
# of a year.
_AGE_PROBLEM = """CASE
                WHEN p.born_first > p.event_date_to AND p.birth_month IS NULL THEN 'impossible_age'
                WHEN p.age_years IS NULL AND p.youngest < 18 AND p.oldest >= 18 THEN 'age_undecided'
                WHEN p.age_years >= 18 AND p.oldest < 17 OR p.age_years < 17 AND p.youngest >= 18
                    THEN CASE WHEN NOT p.age_years BETWEEN p.youngest - 1 AND p.oldest + 1 THEN 'age_contradicts_birth' END END"""


def _dated(previous: str) -> str:
    """Rows in which a death without a day of the event has that of the death."""
    is_undated = "event_date_from IS NULL AND is_death AND death_date IS NOT NULL"
    return f"""
        SELECT * REPLACE (
            CASE WHEN {is_undated} THEN death_date ELSE event_date_from END AS event_date_from,
            CASE WHEN {is_undated} THEN death_date ELSE event_date_to END AS event_date_to,
            CASE WHEN {is_undated} THEN 'day' ELSE date_precision END AS date_precision)
        FROM {previous}"""
