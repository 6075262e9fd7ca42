"""Carry what one source has sent from the landing folder's copy into the core tables."""

from __future__ import annotations

from prefect import flow

from flows.stage import run_stage, writing

STAGES = ("guard", "normalise", "quality", "load")


@flow(name="ingest", persist_result=False)
def ingest(source: str) -> None:
    """One source alone, for instance after its declaration was mended."""
    with writing():
        carry(source)


def carry(source: str) -> bool:
    """The steps, as tasks of the flow that runs; true if any of them refused rows."""
    return any([run_stage(stage, source).rows_refused for stage in STAGES])
