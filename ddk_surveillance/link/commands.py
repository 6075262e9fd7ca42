"""`ddk evaluate`, `ddk linkage train` and `ddk linkage use`: how well the model counts, and how it is replaced.

A model is a file that is never overwritten: `train` writes another one beside it, and only `use` puts it to work.
"""

import contextlib
import hashlib
import json
from pathlib import Path

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, DeclarationError, ExitCode, Text
from ddk_surveillance.library import Library
from ddk_surveillance.link import declaration as declarations
from ddk_surveillance.link import evaluation
from ddk_surveillance.link import model as models
from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.link.training import train
from ddk_surveillance.settings import Settings
from ddk_surveillance.synthesis.defects import SCENARIOS
from ddk_surveillance.warehouse import open_warehouse, writer_lock
from ddk_surveillance.writing import written_whole

FEWEST_RECORDS = 2000  # of fewer the rare levels are guesses
TITLES = {
    "records": Text("记录数", "records"),
    "true_incidents": Text("真实事件数", "true incidents"),
    "found_incidents": Text("找到的事件数", "incidents found"),
    "bias_percent": Text("事件数偏差（%）", "bias of the count (%)"),
    "precision": Text("精确率", "precision"),
    "recall": Text("召回率", "recall"),
    "f1": Text("F1", "F1"),
    "violence": Text("暴力伤害偏差（%）", "bias, violence (%)"),
    "fatal": Text("死亡偏差（%）", "bias, deaths (%)"),
    "under_6": Text("6 岁以下偏差（%）", "bias, under 6 (%)"),
    "severe": Text("重度偏差（%）", "bias, severe (%)"),
    "seconds": Text("秒", "seconds"),
    "peak_mb": Text("内存峰值（MB）", "peak memory (MB)"),
}


def evaluate(_: Settings, voice: Voice, seed: int, records: int, scenario: str, as_json: bool) -> int:
    """Show how the linkage counts invented records whose truth is known."""
    if scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        raise ConfigurationError(
            f"没有情形 {scenario}。可选：{known}。", f"There is no scenario {scenario}. There are: {known}."
        )
    found = evaluation.evaluate(seed, records, scenario)
    if as_json:
        print(json.dumps(found))
        return ExitCode.GOOD
    shown = found | found.pop("bias_percent_by_stratum")
    voice.table(
        [Text("指标", "measure"), Text("值", "value")],
        [(voice.pick(title), shown[name]) for name, title in TITLES.items()],
    )
    return ExitCode.GOOD


def train_model(settings: Settings, voice: Voice, seed: int) -> int:
    """Learn a model of the declaration in force from this warehouse's records and keep it beside the one in use."""
    with open_warehouse(settings) as db:
        declaration = declarations.load(db.library)
        if db.value("SELECT count(*) FROM core.record") < FEWEST_RECORDS:
            raise ConfigurationError(
                f"记录少于 {FEWEST_RECORDS} 条，学不出可靠的模型。请继续用现有模型。",
                f"Fewer than {FEWEST_RECORDS} records teach no reliable model. Go on with the one in use.",
            )
        with db.transaction(is_rehearsal=True):
            db.execute("DELETE FROM link.linkable")
            trained = train(db, declaration, seed)
    file = _keep(settings, trained.version, trained.to_json())
    summary = trained.trained_on
    voice.say(
        f"新模型 {trained.version}：由 {summary['records']} 条记录、{summary['candidate_pairs']} 对候选学得，存于 {file}。\n"
        f"尚未启用。要启用：ddk linkage use {trained.version}",
        f"New model {trained.version}: learnt from {summary['records']} records and {summary['candidate_pairs']} candidate pairs,"
        f" kept in {file}.\nIt is not in use yet. To change over: ddk linkage use {trained.version}",
    )
    return ExitCode.GOOD


def use_model(settings: Settings, voice: Voice, version: str) -> int:
    """Let the nights link by another model from now on; the one before stays on file."""
    with writer_lock(settings):
        library = Library(settings.declarations)
        declaration, used = declarations.load(library), library.file("linkage_model.json")
        text, before = used.read_text(encoding="utf-8"), _version(used, declaration)
        if version == before:
            voice.say(f"已在用模型 {version}。", f"Model {version} is in use already.")
            return ExitCode.GOOD
        kept = {_version(file, declaration): file for file in settings.models.glob("*.json")}
        if version not in kept:
            known = ", ".join(sorted(name for name in {*kept, before} if name)) or "—"
            raise ConfigurationError(
                f"没有适用于现行声明（linkage.yaml）的模型 {version}。已有：{known}。",
                f"There is no model {version} for the linkage.yaml in force. There are: {known}.",
            )
        _keep(settings, before or hashlib.sha256(text.encode()).hexdigest()[:16], text)
        _replace(settings.home / "schemas" / "linkage_model.json", kept[version].read_text(encoding="utf-8"))
    voice.say(
        f"下一次运行起用模型 {version}，全部记录重新比对；人工裁定不变。",
        f"From the next run on model {version} links all records anew; reviewers' decisions hold.",
    )
    if before:
        voice.say(f"要退回：ddk linkage use {before}", f"To go back: ddk linkage use {before}")
    return ExitCode.GOOD


def _version(file: Path, declaration: Declaration) -> str | None:
    """Of a model file; None if it learnt another declaration than this."""
    with contextlib.suppress(DeclarationError):
        return models.load(file, declaration).version
    return None


def _keep(settings: Settings, name: str, text: str) -> Path:
    file = settings.models / f"{name}.json"
    if not file.exists():
        _replace(file, text)
    return file


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with written_whole(file) as working:
        working.write_text(text, encoding="utf-8")
