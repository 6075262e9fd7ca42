"""A stage that would make again what it made last has nothing to do: most nights bring few files, some bring none."""

from collections.abc import Callable

from ddk_surveillance.warehouse import Outcome, Warehouse

RECORDS = "(SELECT record_id, content_hash, batch_id FROM core.record)"  # the hash is of all that a record says
LINKED = (RECORDS, "link.adjudication")  # with the model, which is a declaration, they decide every link and incident


def unless_unchanged(
    db: Warehouse, stage: str, made_from: tuple[str, ...], make: Callable[[], Outcome], *known: object
) -> Outcome:
    """What `make` returns, or nothing done if all that the stage is made from is as it was when it ended last.

    `made_from`: tables or subqueries; `known`: whatever else decides, such as a day. Declarations and the program always do.
    """
    state = " ".join([db.library.everything_fingerprint, *map(str, known), *map(db.digest, made_from)])
    with db.transaction():
        if db.remembered(stage) == state:
            return Outcome()
        outcome = make()
        db.remember(stage, state)
    return outcome
