"""One value per field of an incident, and every value that lost together with the rule that decided.

Numbers of agreeing reports decide (with three or more reports errors fall by two thirds), but where the law gives a
source the word: of a death its register; of violence courts, procuratorate and police, then hospitals. A claim of
violence is not overwritten by `unintentional` from anyone, unless the record that made it was found to be unfounded.
"""

import datetime
from collections.abc import Sequence

from ddk_surveillance import history
from ddk_surveillance.link.declaration import Golden, GoldenRule
from ddk_surveillance.link.preparation import Night, coded
from ddk_surveillance.warehouse import Warehouse

LEGAL = "('court', 'procuratorate', 'police')"
# What stands behind a bare claim of assault: an institution's own finding, where it files no status.
CASE_STATUS = """coalesce(r.case_status, CASE WHEN r.intent = 'assault'
    AND r.source_code IN ('hospital', 'death_registry', 'court', 'procuratorate', 'police') THEN 'probable' END)"""
READ = {
    "event_date": "CASE WHEN l.is_exact THEN r.event_date_from END",
    "age_years": "l.age",
    "case_status": CASE_STATUS,
    "has_maltreatment_diagnosis": "CASE WHEN r.icd10_diagnosis LIKE 'T74%' THEN TRUE END",  # one doctor is enough
}
TYPES = {"age_years": "INTEGER", "death_date": "DATE", "event_date": "DATE", "has_maltreatment_diagnosis": "BOOLEAN"}
# Of an undated incident the narrowest interval; the report is the best guess for one without any date.
VAGUE = "CASE WHEN r.date_precision = 'unknown' THEN r.event_date_to ELSE r.event_date_from END"


def make_incidents(db: Warehouse, golden: Golden, night: Night, key: str) -> None:
    """Renew the incidents whose records are in link_kept, and link.golden_field; what was known until this run is kept."""
    renewed = "TRUE" if night.everything else "incident_id IN (FROM link_renewed)"
    db.execute(f"DELETE FROM link.golden_field WHERE {renewed}")
    sources = sorted({"", *(code for (code,) in db.rows("SELECT DISTINCT source_code FROM core.record"))})
    words = {field: coded(db, field, _read(field)) for field in golden.fields if field not in TYPES and night.is_large}
    db.execute(f"""CREATE OR REPLACE TEMP TABLE link_report AS
        SELECT * REPLACE ({", ".join(f"{cast} AS {field}" for field, cast in words.items()) or "records AS records"})
        FROM ({_report_sql(golden, sources)})""")
    db.execute(f"""CREATE OR REPLACE TEMP TABLE link_agreed AS {_agreed_sql(golden, sources)};
        CREATE OR REPLACE TEMP TABLE link_named AS {NAMED}""")
    db.execute(f"""INSERT INTO link.golden_field BY NAME
        WITH link_claim AS ({_claim_sql(golden)})
        SELECT * EXCLUDE (source_bits), {_names(sources)} AS sources FROM ({db.statement("link.golden_field")})""")
    incidents = f"{_single_sql(golden)} UNION ALL BY NAME FROM ({_incident_sql(golden)})"
    history.keep(db, "core.incident_version", _moment(db, key), incidents, renewed)
    db.execute("DROP TABLE link_report; DROP TABLE link_agreed; DROP TABLE link_named")


def _moment(db: Warehouse, key: str) -> datetime.datetime:
    """Since when the outcome of this run is known: never before that of an earlier one."""
    moment: datetime.datetime = db.value(
        """SELECT greatest(coalesce((SELECT started_at FROM ops.night WHERE night_id = $night), now()::TIMESTAMP),
        (SELECT max(known_from) FROM core.incident_version))""",
        {"night": key},
    )
    return moment


# Of each incident the records that it is made of. Lists are dear: of two records none is needed, and beside other
# aggregates they would take three times as long.
NAMED = """
    SELECT incident_id, concat(min(member), ',', max(member)) AS members FROM link_report WHERE records = 2 GROUP BY incident_id
    UNION ALL SELECT incident_id, array_to_string(list_sort(list(member)), ',') FROM link_report WHERE records > 2 GROUP BY incident_id"""


def _single_sql(golden: Golden) -> str:
    """Incidents that one record alone tells of: nothing to choose."""
    values = ", ".join(field for field in golden.fields if field != "event_date")
    return f"""
        SELECT r.incident_id, child_id, event_group_id, records, source_code AS sources, member AS members, is_death,
            vague_date AS event_date, year(vague_date) AS event_year,
            CASE WHEN event_date IS NULL THEN date_precision ELSE 'day' END AS date_precision, FALSE AS has_conflict, {values}
        FROM link_report AS r LEFT JOIN link.event_group AS g ON g.incident_id = r.incident_id WHERE records = 1"""


def _report_sql(golden: Golden, sources: Sequence[str]) -> str:
    """One row per record of the renewed incidents, unknown as NULL, with the standing of its source."""
    fields = ", ".join(f"{_read(field)} AS {field}" for field in golden.fields)
    return f"""
        SELECT k.incident_id, k.child_id, k.records, k.number AS seniority, r.source_code,
            k.record_id || ':' || left(r.content_hash, 8) AS member,  -- and the content that the incident was made of
            coalesce(r.is_death, FALSE) AS is_death, {fields}, {VAGUE} AS vague_date, r.date_precision, l.width_days,
            CASE r.source_code {" ".join(f"WHEN '{one}' THEN {1 << bit}" for bit, one in enumerate(sources))} END AS source_bit,
            {_place("r.source_code", golden.source_order)} AS source_place,
            {_place("r.source_code", golden.authority_order)} AS authority_place
        FROM link_kept AS k
        JOIN core.record AS r ON r.record_id = k.record_id
        JOIN link.linkable AS l ON l.key = k.key"""


def _names(sources: Sequence[str]) -> str:
    """The names whose bits are set in `source_bits`: sets of sources as numbers are many times faster than lists."""
    names = (f"CASE WHEN source_bits & {1 << bit} > 0 THEN '{one}' END" for bit, one in enumerate(sources))
    return f"concat_ws(',', {', '.join(names)})"


def _read(field: str) -> str:
    """What a record says of a field; unknown is nothing said."""
    expression = READ.get(field, f"r.{field}")
    return expression if field in TYPES else f"nullif({expression}, 'unknown')"


def _place(column: str, order: tuple[str, ...]) -> str:
    """Position in the order, from 1; all others share the last."""
    cases = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(order, 1))
    return f"CASE {column} {cases} ELSE {len(order) + 1} END"


def _agreed_sql(golden: Golden, sources: Sequence[str]) -> str:
    """One row per incident: of every field the value if all reports agree, and whether they do not."""
    fields = ", ".join(f"min({one}) AS {one}, min({one}) <> max({one}) AS {one}_differs" for one in golden.fields)
    return f"""
        SELECT incident_id, min(child_id) AS child_id, min(records) AS records, bit_or(source_bit) AS source_bits,
            {_names(sources)} AS sources, bool_or(is_death) AS is_death,
            coalesce(bool_or(intent = 'assault' AND case_status IS DISTINCT FROM 'excluded'), FALSE) AS has_assault,
            min((width_days, vague_date, date_precision)) FILTER (event_date IS NULL) AS narrowest, {fields}
        FROM link_report WHERE records > 1 GROUP BY incident_id"""


def _claim_sql(golden: Golden) -> str:
    """One row per record and contested field: the value, and how much it weighs (less is more)."""
    names = ", ".join(golden.fields)
    cells = ", ".join(
        f"CASE WHEN c.{field}_differs THEN CAST(r.{field} AS VARCHAR) END AS {field}" for field in golden.fields
    )
    weights = " ".join(f"WHEN '{field}' THEN {_weight(field, rule)}" for field, rule in golden.fields.items())
    rules = " ".join(f"WHEN '{field}' THEN '{rule.rule}'" for field, rule in golden.fields.items())
    return f"""
        SELECT incident_id, field, value, source_bit, seniority,
            CASE field WHEN 'event_date' THEN 0 ELSE source_place END AS source_place,
            CASE field {weights} END AS weight,
            field = 'intent' AND value = 'unintentional' AND has_assault AS would_hide_violence,
            CASE field {rules} END AS rule
        FROM (
            UNPIVOT (
                SELECT r.incident_id, r.source_code, r.source_bit, r.source_place, r.authority_place, r.seniority,
                    c.is_death AS is_fatal, c.has_assault, {cells}
                FROM link_report AS r JOIN link_agreed AS c USING (incident_id)
            ) ON {names} INTO NAME field VALUE value
        ) AS cell"""


def _weight(field: str, rule: GoldenRule) -> str:
    weight = "0"
    if rule.rule == "authority":
        weight = "authority_place"
    if rule.rule == "highest":
        order = rule.ascending[::-1]
        weight = f"10 + {_place('value', order)}"
    if field == "case_status":  # what a court, a procuratorate or the police found, either way, ends the matter
        weight = f"CASE WHEN source_code IN {LEGAL} AND value IN ('confirmed', 'excluded') THEN authority_place ELSE {weight} END"
    if field == "intent":  # "unclear" of those who need not find out gives way to whoever knows
        weight = f"CASE WHEN value = 'undetermined' AND source_code NOT IN {LEGAL} THEN 20 ELSE {weight} END"
    if rule.of_a_death:
        weight = f"CASE WHEN is_fatal AND source_code = 'death_registry' THEN -1 ELSE {weight} END"
    return weight


def _incident_sql(golden: Golden) -> str:
    chosen = ", ".join(f"max(value) FILTER (field = '{field}') AS {field}" for field in golden.fields)
    values = ", ".join(
        f"coalesce(CAST(w.{field} AS {TYPES.get(field, 'VARCHAR')}), a.{field}) AS {field}"
        for field in golden.fields if field != "event_date"
    )  # fmt: skip
    exact_day = "coalesce(CAST(w.event_date AS DATE), a.event_date)"
    day = f"coalesce({exact_day}, narrowest[2])"
    return f"""
        WITH winner AS (
            SELECT incident_id, {chosen}
            FROM link.golden_field SEMI JOIN link_agreed USING (incident_id) WHERE is_chosen GROUP BY incident_id
        )
        SELECT incident_id, a.child_id, g.event_group_id, a.records, a.sources, n.members, a.is_death,
            {day} AS event_date, year({day}) AS event_year,
            CASE WHEN {exact_day} IS NULL THEN narrowest[3] ELSE 'day' END AS date_precision,
            w.incident_id IS NOT NULL AS has_conflict, {values}
        FROM link_agreed AS a JOIN link_named AS n USING (incident_id)
        LEFT JOIN winner AS w USING (incident_id) LEFT JOIN link.event_group AS g USING (incident_id)"""
