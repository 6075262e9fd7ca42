"""`ddk check`: an institution tries its file before sending it and reads what the receipt would say.

The same stages as at night, on a warehouse of its own, with a key that nobody keeps.
"""

import contextlib
import dataclasses
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ddk_surveillance import guard, intake, load, normalise, quality
from ddk_surveillance.console import Voice
from ddk_surveillance.contracts import Source
from ddk_surveillance.errors import ConfigurationError, ExitCode
from ddk_surveillance.landing import Claim
from ddk_surveillance.library import Library
from ddk_surveillance.receipts.content import COUNTS, LISTED, Receipt, receipts_of
from ddk_surveillance.receipts.page import HEADINGS
from ddk_surveillance.settings import Settings
from ddk_surveillance.tokens import KEY_BYTES, Key
from ddk_surveillance.warehouse import Warehouse, connect

BATCH = "0" * 16


def check_file(settings: Settings, voice: Voice, file: Path, source: str) -> int:
    """Print what the receipt of this file would say, without any value of it; DATA_PROBLEMS if something is to be mended."""
    with tried(settings, Library(settings.declarations), source, file) as (_, receipt):
        tell(voice, receipt)
        return ExitCode.GOOD if receipt.is_clean else ExitCode.DATA_PROBLEMS


@contextlib.contextmanager
def tried(settings: Settings, library: Library, source: str, file: Path) -> Iterator[tuple[Warehouse, Receipt]]:
    """The file alone in a warehouse that is thrown away, and what its receipt would say."""
    declared = library.source(source)
    if not file.is_file():
        raise ConfigurationError(
            "没有这个文件，或不是普通文件。请核对路径。", "There is no such ordinary file. Check the path."
        )
    with tempfile.TemporaryDirectory(prefix="ddk-check-") as folder:
        elsewhere = dataclasses.replace(settings, home=Path(folder))
        elsewhere.make_folders()
        warehouse = connect(elsewhere, library, elsewhere.warehouse_file)  # in memory a million rows took 3 GB
        with contextlib.closing(warehouse.connection):
            receipt = _judged(warehouse, declared, Claim(BATCH, source, file))
            yield warehouse, dataclasses.replace(receipt, file_name=None)


def _judged(db: Warehouse, source: Source, claim: Claim) -> Receipt:
    """Through the stages of one source, as far as the file gets."""
    intake.register(db, claim, "check")
    db.ensure(db.library.received_table(source))
    if intake.read(db, source, claim):
        guard.guard_batches(db, source, [claim.batch_id], Key(secrets.token_bytes(KEY_BYTES)))
    for stage in (normalise, quality, load):
        stage.run(db, source.source)
    return next(receipts_of(db, [claim.batch_id]))


def tell(voice: Voice, receipt: Receipt) -> None:
    word = receipt.outcome.word
    voice.say(f"{receipt.source_title}：{word.zh}", f"{receipt.source_title}: {word.en}")
    voice.say(receipt.message, receipt.message)
    voice.say(f"收到 {receipt.received} 行", f"{receipt.received} rows received")
    for name, (word, meaning) in COUNTS.items():
        if (count := receipt.counts[name]) or name == "accepted":
            voice.say(f"{word.zh} {count} 行：{meaning.zh}", f"{word.en}: {count} rows {meaning.en}")
    if receipt.note:
        voice.say(receipt.note, receipt.note)
    if receipt.lines:
        places = [(one.sheet, one.row, one.column, one.title, one.treatment, one.remedy) for one in receipt.lines]
        voice.table([heading for heading in HEADINGS if heading.en != "content"], places)
    if receipt.findings > LISTED:
        voice.say(
            f"只列出前 {LISTED} 处，共 {receipt.findings} 处。", f"The first {LISTED} of {receipt.findings} are listed."
        )
    voice.say("以上为试检，未报送、未留存；与已报送数据的重复和更正要到报送后才能判断。",
              "This was a trial: nothing was sent or kept. What repeats or corrects earlier data shows only when it is sent.")  # fmt: skip
