"""One table in every format that offices send."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet
import xlsxwriter

from tests.cases.intake.conftest import as_xls

Rows = list[list[str | None]]
ODS_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "draw", "style", "manifest")
)


def as_csv(rows: Rows, delimiter: str = ",", line_end: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue()


def as_xlsx(*sheets: Rows, write: str = "write_string") -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        for rows in sheets:
            sheet = book.add_worksheet()
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if cell is not None:
                        getattr(sheet, write)(r, c, cell)
    return content.getvalue()


def as_records(rows: Rows) -> list[dict[str, str | None]]:
    header = [name or "" for name in rows[0]]
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def as_parquet(rows: Rows) -> bytes:
    content = io.BytesIO()
    header = [name or "" for name in rows[0]]
    columns = [pa.array(column, pa.string()) for column in zip(*rows[1:], strict=True)] or [
        pa.array([], pa.string())
    ] * 3
    pa.parquet.write_table(pa.table(columns, names=header), content)
    return content.getvalue()


def as_json_lines(rows: Rows) -> str:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in as_records(rows))


def quoted(rows: Rows) -> str:
    """CSV with every cell in quotation marks, so that the comma is the only thing that can part cells."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def as_ods(rows: Rows, in_first_cell: str = "", before_tables: str = "", styles: str = "") -> bytes:
    """An OpenDocument table of texts, with elements in its first cell, before its tables and in its styles."""
    lines = ["".join(_ods_cell(cell) for cell in row) for row in rows]
    table = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines).replace(
        "<text:p>", f"{in_first_cell}<text:p>", 1
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {ODS_SPACES}/>")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {ODS_SPACES}><office:body><office:spreadsheet>{before_tables}'
            f'<table:table table:name="表">{table}</table:table></office:spreadsheet></office:body></office:document-content>',
        )
        archive.writestr("styles.xml", f"<office:document-styles {ODS_SPACES}>{styles}</office:document-styles>")
    return content.getvalue()


def _ods_cell(cell: str | None) -> str:
    if cell is None:
        return "<table:table-cell/>"
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'


# By the name of a file; every one can hold rows of any texts.
WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "a.xlsx": as_xlsx,
    "a.xls": lambda rows: as_xls([[cell or "" for cell in row] for row in rows]),
    "a.ods": as_ods,
    "a.parquet": as_parquet,
    "a.json": lambda rows: json.dumps(as_records(rows)).encode(),
    "a.ndjson": lambda rows: as_json_lines(rows).encode(),
    "a.tsv": lambda rows: as_csv(rows, "\t").encode("gb18030"),
    **{
        f"{code}.csv": lambda rows, code=code: as_csv(rows).encode(code)
        for code in ("utf-8", "utf-8-sig", "gb18030", "utf-16")
    },  # type: ignore[misc]
}
