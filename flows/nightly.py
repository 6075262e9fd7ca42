"""The night: take in what has arrived, carry each source as far as it goes, then link, count and publish once."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed

from ddk_surveillance.errors import DdkError, ExitCode
from ddk_surveillance.settings import TIME_ZONE
from flows.ingest import carry
from flows.stage import last_look, recorded, report, run_stage, safely, writing

LATER = ("receipts", "link", "measure", "arrivals", "across", "indicators", "publish", "replay")
OF_ONE_SOURCE = (ExitCode.DATA_PROBLEMS, ExitCode.DEFECT)


def _name() -> str:
    return f"nightly {datetime.now(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M}"


@flow(name="nightly", flow_run_name=_name, persist_result=False)
def nightly() -> State[tuple[str, ...]]:
    """One night. Called, it returns the sources with files or rows that await correction, or raises DdkError.

    What goes wrong in one source never stops the others, and stops the publication only if it is a defect of ours.
    """
    night = UUID(runtime.flow_run.id).hex[16:]
    before = last_look()
    end = safely("nightly", night, lambda: _night(night))
    report(night, before, end)
    return end


def _night(night: str) -> State[tuple[str, ...]]:
    with writing(), recorded(night):
        ends = {source: _carried(source) for source in run_stage("discover", night)}
        for end in ends.values():
            if isinstance(end, DdkError) and end.exit_code is ExitCode.DEFECT:
                raise end
        for stage in LATER:
            run_stage(stage, night)
    return _completed(tuple(source for source, end in ends.items() if end))


def _carried(source: str) -> DdkError | bool:
    """Whether the source needs attention, or why it could not be carried to its end."""
    try:
        return carry(source)
    except DdkError as problem:
        if problem.exit_code not in OF_ONE_SOURCE:
            raise
        return problem


def _completed(sources: tuple[str, ...]) -> State[tuple[str, ...]]:
    if not sources:
        return Completed(data=sources)
    message = f"Files or rows await correction: {', '.join(sources)}"
    return Completed(name="NeedsAttention", message=message, data=sources)
