"""Correct a period of one source from a form: a plan, or exactly what the plan showed."""

import os
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from prefect import flow, runtime
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import BaseModel, ConfigDict, Field

from ddk_surveillance import settings
from ddk_surveillance.changes import commands
from ddk_surveillance.changes.backfill import Plan
from ddk_surveillance.changes.screen import counted
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.library import Library
from flows.stage import safely, warehouse, writing

CHOICES = tuple(
    f"{name} {source.title.zh}" for name, source in Library(settings.load(os.environ).declarations).sources.items()
)
if TYPE_CHECKING:
    SourceChoice = str
else:
    SourceChoice = Literal[CHOICES]
Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2024-01"])]
# Prefect keeps what is typed, so the form itself turns away numbers of papers and phones; `checked` sees the rest.
Words = Annotated[str, Field(pattern=r"^\D*(\d{1,10}\D+)*\d{0,10}$")]


class Correction(BaseModel):
    """What the form asks for; nothing in it may name a child, for Prefect keeps it."""

    model_config = ConfigDict(
        title="更正一段时期",
        extra="forbid",
        json_schema_extra={
            "description": "更正一段时期：先出方案（不选“执行”），看过明细，再同样填写并选中“执行”。"
            "填写的内容会留在运行历史里，请勿写任何儿童的姓名、号码、住址。"
        },
    )

    source: SourceChoice = Field(title="来源", description="要更正哪个来源的数据")
    first_month: Month = Field(title="起始月份", description="事件发生的第一个月，写成 2024-01")
    last_month: Month = Field(title="截止月份", description="事件发生的最后一个月，写成 2024-06")
    institution: str = Field(
        "", title="机构代码", description="只更正这一机构；空白为全部机构", pattern=r"^[0-9A-Za-z_-]{0,40}$"
    )
    folder: str = Field(
        "", title="文件夹", pattern=r"^[0-9A-Za-z_-]{0,40}$",
        description="以 $DDK_HOME/backfill/ 下这个文件夹中的文件为准；空白为按现行声明重读存档文件",
    )  # fmt: skip
    made_by: Words = Field(title="经办人", description="登录名或工号", min_length=1, max_length=40)
    reason: Words = Field(
        title="理由", min_length=2, max_length=200,
        description="为什么更正，例如“医院补报一季度”。会留在运行历史里：请勿写姓名、号码、住址",
    )  # fmt: skip
    apply: bool = Field(
        False, title="执行", description="不选：只出方案，什么都不改变；选中：照最近一次同样条件的方案执行"
    )


@flow(name="backfill", persist_result=False)
def backfill(form: Correction) -> State[str]:
    """A plan, or the plan carried out; returns its id, or raises DdkError."""
    run = UUID(runtime.flow_run.id).hex[16:]
    return safely("backfill", run, lambda: _backfill(form))


def _backfill(form: Correction) -> State[str]:
    here = settings.load(os.environ)
    files = (here.home / "backfill" / form.folder,) if form.folder else ()
    if files and not files[0].is_dir():
        raise ConfigurationError(f"没有文件夹 backfill/{form.folder}。", f"There is no folder backfill/{form.folder}.")
    first, last = (date.fromisoformat(f"{month}-01") for month in (form.first_month, form.last_month))
    source = form.source.split()[0]
    asked = commands.request(source, first, last, form.reason, form.made_by, form.institution, files)
    with writing():
        made, page = commands.plan_or_apply(warehouse(), Voice(here.language), asked, form.apply)
    create_markdown_artifact(key="backfill", markdown=_markdown(made, page.name, form.apply))
    if form.apply:
        return Completed(name="Applied", message=f"{made.change_id}: {made.plan_id}", data=made.plan_id)
    return Completed(name="Planned", message=f"{made.plan_id}: plans/{page.name}", data=made.plan_id)


def _markdown(made: Plan, page: str, is_applied: bool) -> str:
    """Ids and counts alone: the figures and rows are in the workbook, on this machine."""
    head = f"# 已执行 {made.change_id}" if is_applied else f"# 方案 {made.plan_id}"
    last = (
        f"撤销：`ddk undo {made.change_id} --reason …`"
        if is_applied
        else "什么都没有改变。执行：同样填写，选中“执行”。"
    )
    return "\n\n".join([head, *(text.zh for text in counted(made.effect)), f"明细：`$DDK_HOME/plans/{page}`", last])
