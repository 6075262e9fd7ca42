"""Stage: a receipt (回执) for every file that has been dealt with, for the institution to read, print and mend by."""

import re

import pandas

from ddk_surveillance.receipts.content import COUNTS, Receipt, receipts_of
from ddk_surveillance.receipts.page import write_page
from ddk_surveillance.warehouse import Outcome, Warehouse

STEM_CHARACTERS = 50  # at most 200 bytes: with batch and ending within the 255 of every file system
# Also a file whose fate has changed since, such as one held and then admitted by a mended declaration.
DUE = """
    SELECT b.batch_id FROM ops.batch b LEFT JOIN ops.receipt r USING (batch_id)
    WHERE b.status IN ('loaded', 'held', 'refused', 'unreadable', 'identical', 'withdrawn')
      AND (r.status IS DISTINCT FROM b.status OR r.contract_fingerprint IS DISTINCT FROM b.contract_fingerprint)
    ORDER BY b.batch_id"""


def run(db: Warehouse, key: str) -> Outcome:
    """Write receipts/<source>/<file>_<batch>.xlsx and a line in ops.receipt for every finished file; `key` is the night."""
    due = db.column(DUE)
    if due:
        rows = [_issue(db, receipt) for receipt in receipts_of(db, due)]
        with db.transaction(), db.offering(issued=pandas.DataFrame(rows)):
            db.execute("DELETE FROM ops.receipt WHERE batch_id IN (SELECT batch_id FROM issued)")
            db.execute(
                "INSERT INTO ops.receipt BY NAME SELECT issued.*, source_code, status, contract_fingerprint, $night AS night_id"
                " FROM issued JOIN ops.batch USING (batch_id)",
                {"night": key},
            )
    return Outcome(len(due), len(due))


def _issue(db: Warehouse, receipt: Receipt) -> dict[str, object]:
    """Write the page; its line in ops.receipt."""
    path = db.settings.receipts / receipt.source / f"{_stem(receipt)}_{receipt.batch_id}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_page(receipt, path)
    for earlier in set(path.parent.glob(f"*_{receipt.batch_id}.xlsx")) - {path}:
        earlier.unlink()  # of another name, when that of the file is no longer kept
    counts = {name: receipt.counts[name] for name in COUNTS}
    return {"batch_id": receipt.batch_id, "file": str(path.relative_to(db.settings.receipts)),
            "findings": receipt.findings, "received": receipt.received} | counts  # fmt: skip


def _stem(receipt: Receipt) -> str:
    """The name the institution gave, without anything that a file system or a shell might stumble over."""
    name = receipt.file_name or receipt.outcome.word.said(receipt.language)
    return re.sub(r"[^\w()（）.-]+", "_", name.rpartition(".")[0] or name)[:STEM_CHARACTERS].lstrip(".")
