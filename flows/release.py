"""Link, count and publish again what is in the warehouse, for instance after a definition was mended; takes nothing in."""

from uuid import UUID

from prefect import flow, runtime
from prefect.client.schemas.objects import State

from ddk_surveillance import nights
from flows.nightly import LATER
from flows.stage import recorded, run_stage, safely, warehouse, writing


@flow(name="release", persist_result=False)
def release() -> State[None] | None:
    """Publish today's figures, if any has moved; raises DdkError."""
    run = UUID(runtime.flow_run.id).hex[16:]
    return safely("release", run, lambda: _release(run))


def _release(run: str) -> None:
    with writing(), recorded(run):
        nights.begin(warehouse(), run)
        for stage in LATER:
            run_stage(stage, run)
