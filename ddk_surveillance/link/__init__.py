"""Stage 6: records → incidents (one child, one event) → children; the whole is recomputed only where it changed.

The result is a function of the current records, the reviewers' decisions and the model alone: any order or batching of
the same files gives the same incidents under the same names.
"""

from ddk_surveillance.library import Library
from ddk_surveillance.link import declaration
from ddk_surveillance.link import model as models
from ddk_surveillance.link.children import BINDING, make_children, make_groups
from ddk_surveillance.link.golden import make_incidents
from ddk_surveillance.link.incidents import BY_SENIORITY, compare, make_clusters
from ddk_surveillance.link.model import Model
from ddk_surveillance.link.preparation import Night, prepare
from ddk_surveillance.warehouse import Outcome, Warehouse

DERIVED = ("link.linkable", "link.pair", "link.member", "link.event_group", "link.golden_field", "link.incident_bound")


def run(db: Warehouse, key: str) -> Outcome:
    """Link what has changed since the last run; `key` names the night."""
    return link_by(model_in_use(db.library), db, key)


def link_by(model: Model, db: Warehouse, key: str) -> Outcome:
    """The same by a given model."""
    with db.sparing(), db.transaction():
        is_new_model = _forget_other_model(db, model)
        night = prepare(db, model.declaration)
        if night.dirty or night.gone or (is_new_model and db.rows("FROM link_before LIMIT 1")):
            compared = compare(db, model, night)
            _drop(db, "link_changed", "link_candidate")
            make_clusters(db, model, night)
            make_children(db, model.declaration, night)
            _replace_members(db, night, is_new_model)
            _replace_bounds(db, night)
            _replace_groups(db, night)
            _drop(db, "link_bound", "link_touched")
            make_incidents(db, model.declaration.golden, night, key)
            _record(db, key, model, night, is_new_model, compared)
            _drop(db, "link_kept", "link_before")
    records = int(db.value("SELECT count(*) FROM link.member"))
    return Outcome(records, int(db.value("SELECT count(*) FROM core.incident")))


def model_in_use(library: Library) -> Model:
    """The frozen model; DeclarationError if the declaration in use is not what it learnt."""
    return models.load(library.file("linkage_model.json"), declaration.load(library))


def _forget_other_model(db: Warehouse, model: Model) -> bool:
    """Scores of different models do not mix: another model starts from nothing; returns whether it is another."""
    if db.remembered("linkage_model") == model.version:
        return False
    db.execute("CREATE OR REPLACE TEMP TABLE link_before AS SELECT record_id, incident_id FROM link.member")
    for table in DERIVED:
        db.execute(f"DELETE FROM {table}")
    db.remember("linkage_model", model.version)
    return True


def _drop(db: Warehouse, *tables: str) -> None:
    """Give back the memory of what is not needed any more: of a million records it is a gigabyte."""
    db.execute("; ".join(f"DROP TABLE IF EXISTS {table}" for table in tables))


def _replace_members(db: Warehouse, night: Night, is_new_model: bool) -> None:
    """Write link.member for all touched records; fills link_before and, unless all are, link_renewed (incidents to be made again)."""
    touched = "record_key IN (SELECT key FROM link_kept UNION ALL SELECT key FROM link_gone)"
    old = f"FROM link.member WHERE {'TRUE' if night.everything else touched}"
    if not is_new_model:
        db.execute(f"CREATE OR REPLACE TEMP TABLE link_before AS SELECT record_id, incident_id {old}")
    if not night.everything:
        db.execute("""CREATE OR REPLACE TEMP TABLE link_renewed AS
            SELECT incident_id FROM link_before UNION SELECT incident_id FROM link_kept""")
    db.execute(f"DELETE {old}")
    db.execute(f"""INSERT INTO link.member BY NAME
        SELECT record_id, key AS record_key, incident_id, child_id, {BINDING} FROM link_kept""")


def _replace_bounds(db: Warehouse, night: Night) -> None:
    """Write link.incident_bound for the incidents of the touched components, and drop those that are no more."""
    replaced = """SELECT incident_id FROM link_bound
        UNION ALL (SELECT incident_id FROM link_before EXCEPT SELECT incident_id FROM link_kept)"""
    db.execute(
        f"DELETE FROM link.incident_bound WHERE {'TRUE' if night.everything else f'incident_id IN ({replaced})'}"
    )
    db.execute("INSERT INTO link.incident_bound BY NAME FROM link_bound")


def _replace_groups(db: Warehouse, night: Night) -> None:
    """Write link.event_group; incidents whose group is another than before are made again too."""
    make_groups(db)
    if not night.everything:
        _renew_regrouped(db)
    db.execute("DELETE FROM link.event_group; INSERT INTO link.event_group BY NAME FROM link_new_group")


def _renew_regrouped(db: Warehouse) -> None:
    db.execute("""
        CREATE OR REPLACE TEMP TABLE link_regrouped AS
        SELECT incident_id FROM (
            (FROM link_new_group EXCEPT FROM link.event_group) UNION (FROM link.event_group EXCEPT FROM link_new_group)
        ) EXCEPT FROM link_renewed""")
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_kept AS
        FROM link_kept UNION ALL BY NAME
        SELECT {BY_SENIORITY} AS number, l.key, l.record_id, m.incident_id, m.child_id,
            CAST(count(*) OVER (PARTITION BY m.incident_id) AS INTEGER) AS records
        FROM link.member AS m JOIN link_regrouped USING (incident_id) JOIN link.linkable AS l ON l.key = m.record_key""")
    db.execute("CREATE OR REPLACE TEMP TABLE link_renewed AS FROM link_renewed UNION ALL FROM link_regrouped")


def _record(db: Warehouse, key: str, model: Model, night: Night, is_new_model: bool, compared: int) -> None:
    """The log of moved records, the aliases of retired ids, and the run itself."""
    changes = {"changed_by": key, "is_new_model": is_new_model}
    db.execute(f"INSERT INTO link.incident_change BY NAME {db.statement('link.incident_change')}", changes)
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_alias AS {db.statement('link.incident_alias')}")
    db.execute("DELETE FROM link.incident_alias; INSERT INTO link.incident_alias BY NAME FROM link_alias")
    db.execute("DELETE FROM link.run WHERE run_id = ?", [key])
    db.execute(
        """INSERT INTO link.run BY NAME SELECT $run_id AS run_id, $model AS model_version, $dirty AS dirty_records,
            $compared AS compared_pairs, coalesce(sum(records), 0) AS records, count(*) AS incidents FROM core.incident""",
        {"run_id": key, "model": model.version, "dirty": night.dirty, "compared": compared},
    )
