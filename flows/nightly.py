"""The night: take in what has arrived, carry each source as far as it goes, then link, count and publish once."""

from __future__ import annotations

from uuid import UUID

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed

from ddk_surveillance.errors import DdkError, ExitCode
from flows.ingest import carry
from flows.stage import discover, run_stage, writing

LATER = ("link", "indicators", "publish")
ONE_SOURCE_ONLY = (ExitCode.DATA_PROBLEMS, ExitCode.DEFECT)


@flow(name="nightly", persist_result=False)
def nightly() -> State[tuple[str, ...]]:
    """One night. Its result is the sources that need attention: files refused or held, rows quarantined.

    What goes wrong in one source stops neither the others nor, unless it is a defect of ours, the publication. Raises DdkError.
    """
    night = UUID(runtime.flow_run.id).hex[:16]
    with writing():
        ends = {source: _carried(source) for source in discover(night)}
        for defect in (end for end in ends.values() if isinstance(end, DdkError) and end.exit_code is ExitCode.DEFECT):
            raise defect
        for stage in LATER:
            run_stage(stage, night)
    return _result(tuple(source for source, end in ends.items() if end))


def _carried(source: str) -> DdkError | bool:
    """Whether a source needs attention, or why it could not be carried to its end."""
    try:
        return carry(source)
    except DdkError as problem:
        if problem.exit_code not in ONE_SOURCE_ONLY:
            raise
        return problem


def _result(sources: tuple[str, ...]) -> State[tuple[str, ...]]:
    if not sources:
        return Completed(data=sources)
    return Completed(name="NeedsAttention", message=f"Files or rows await correction: {', '.join(sources)}", data=sources)
