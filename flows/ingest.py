"""Carry what one source has sent from its claimed files to the core tables."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.stage import run_stage, safely, writing

STAGES = ("intake", "guard", "normalise", "quality", "load")


@flow(name="ingest", persist_result=False)
def ingest(source: str) -> bool | State[bool]:
    """One source alone, for instance after its declaration was mended; raises DdkError."""
    return safely("ingest", source, lambda: _alone(source))


def _alone(source: str) -> bool:
    with writing():
        return carry(source)


def carry(source: str) -> bool:
    """The stages as tasks of the flow that runs, cheaper than a flow of their own; whether any refused files or rows."""
    outcomes = [run_stage(stage, source) for stage in STAGES]
    return any(outcome.rows_refused for outcome in outcomes)
