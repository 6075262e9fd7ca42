"""Reads one received file, whatever its format, into sheets of text cells; the content decides, then the name."""

import io
import marshal
import re
import signal
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from ddk_surveillance.errors import Text
from ddk_surveillance.intake import workbook
from ddk_surveillance.intake.delimited import read_delimited
from ddk_surveillance.intake.encodings import decode
from ddk_surveillance.intake.records import read_json, read_parquet
from ddk_surveillance.intake.refusals import refused
from ddk_surveillance.intake.sheets import DEFAULT_LIMITS, MEGABYTE, Limits, Sheet, Workbook, check_lengths, sheet_of
from ddk_surveillance.intake.surroundings import texts_around, texts_in_xls

Texts: TypeAlias = "tuple[tuple[Text, str], ...]"

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
# What a password leaves: an OLE file holding an encrypted xlsx; the FILEPASS record right after an xls file's first
# record, BOF (or WRITEPROT); a word in the manifest of an ods. The reader itself no longer tells which failure it was.
LOCKED_OLE = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le"))
    + rb"|\x09\x08[\x08\x10]\x00\x00[\x05\x06]\x05\x00(?:.{4}|.{12})(?:\x86\x00\x00\x00)?\x2f\x00",
    re.DOTALL,
)
WORKSHEET = re.compile(r"worksheets/sheet(\d{1,4})\.xml$", re.IGNORECASE)
UNCOMPUTED = re.compile(
    rb'<c\b[^<>]*?\br="[A-Z]{1,3}(\d{1,7})"[^<>]*><f\b(?:[^<>]*/>|[^<>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?</c>'
)
XLS_1904, XLSX_1904 = b"\x22\x00\x02\x00\x01\x00", re.compile(rb'date1904\s*=\s*"(?:1|true)"')
LOCKED_ODS = b"encryption-data"
MANIFEST = "META-INF/manifest.xml"
# Among others what SPSS, Stata, Feather and SAS write.
FOREIGN = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"PK\x05\x06", b"{\\rtf",
           b"$FL2@", b"$FL3@", b"<stata_dta>", b"ARROW1", b"HEADER RECORD*")  # fmt: skip
WEB_PAGE = re.compile(rb"<(!doctype|!--|\?xml|html|head|meta|table|style)", re.IGNORECASE)
JSON_START = re.compile(rb'\[\s*[{\]]|\{\s*["}]')  # an array of objects or an object: no table begins so
JSON_LINES = (".ndjson", ".jsonl")
HEAD_BYTES = 4096
# An xlsx that unpacks to little and has no cell beyond AZ99999 cannot hurt this process; all else is parsed confined.
HARMLESS_BYTES = 16 * MEGABYTE
FAR_CELL = re.compile(rb'\sr\s*=(?!"A?[A-Z]?\d{1,5}")')
SMALL_BYTES = 10 * MEGABYTE  # below this a high compression ratio is only a table of repeated words


def read_sheets(path: Path, limits: Limits = DEFAULT_LIMITS) -> tuple[Sheet, ...]:
    """The visible sheets of a file as text cells; raises FileRefused and nothing else."""
    return read_file(path, limits).sheets


def read_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> Workbook:
    """Like `read_sheets`, with all else in the file that may name somebody."""
    file = _read_file(path, limits)
    for sheet in (*file.sheets, *file.hidden):
        check_lengths(sheet.cells, limits)
    return file


def _read_file(path: Path, limits: Limits) -> Workbook:
    data = _bytes_of(path, limits)
    if data.startswith(FOREIGN):
        raise refused("unknown_format")
    if data.startswith((ZIP, OLE)):
        return _workbook(data, limits)
    if data.startswith(PARQUET):
        return read_parquet(data, limits)
    return _read_text(data, path.suffix.lower(), limits)


def _bytes_of(path: Path, limits: Limits) -> bytes:
    """The content of an ordinary file; links, folders, pipes and devices are refused unopened."""
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise refused("not_a_file")
        if path.stat().st_size > limits.file_bytes:
            raise refused("too_large", limit=limits.file_bytes // MEGABYTE)
        return path.read_bytes()
    except OSError:
        raise refused("cannot_open") from None


def _read_text(data: bytes, suffix: str, limits: Limits) -> Workbook:
    encoded = decode(data)
    if not encoded.data or encoded.data.isspace():
        raise refused("empty_file")
    head = encoded.data[:HEAD_BYTES].lstrip()
    if WEB_PAGE.match(head):
        raise refused("web_page")
    if suffix in (".json", *JSON_LINES) or JSON_START.match(head):
        return read_json(encoded, limits, is_lines=suffix in JSON_LINES)
    return Workbook((read_delimited(encoded, limits, prefer_tab=suffix == ".tsv"),))


def _workbook(data: bytes, limits: Limits) -> Workbook:
    """An Excel or OpenDocument file, parsed here if it cannot hurt and else in a confined process."""
    if data.startswith(OLE) and LOCKED_OLE.search(data):
        raise refused("password_protected")
    is_zip = data.startswith(ZIP)
    is_harmless, texts = _look_around(data, limits) if is_zip else (False, tuple(texts_in_xls(data)))
    try:
        if is_harmless:
            found, empty = workbook.read_workbook(data, limits.sheets, limits.cells)
        else:
            found, empty = _read_confined(data, limits)
    except workbook.Unreadable as error:
        reason = str(error)
        raise refused(reason, limit=limits.sheets if reason == "too_many_sheets" else limits.cells) from None
    if any(sum(map(any, columns)) > limits.columns for _, _, columns, _ in found):
        raise refused("too_many_cells", limit=limits.cells)
    uncomputed = _uncomputed(data) if is_harmless else {}
    is_1904 = _counts_from_1904(data)
    sheets = [
        (
            is_visible,
            replace(
                sheet_of(name, columns),
                uncomputed=uncomputed.get(number, frozenset()),
                merged=tuple(merged),
                counts_from_1904=is_1904,
            ),
        )
        for number, (name, is_visible, columns, merged) in enumerate(found, start=1)
    ]
    visible = tuple(sheet for is_visible, sheet in sheets if is_visible)
    if not visible:
        raise refused("no_visible_sheet")
    hidden = tuple(sheet for is_visible, sheet in sheets if not is_visible)
    return Workbook(visible, hidden, _beside_cells(texts, found), tuple(empty))


def _uncomputed(data: bytes) -> dict[int, frozenset[int]]:
    """Sheet → rows with a formula without a value: some programs leave it to Excel, and it reads as a blank."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if (sheet := WORKSHEET.search(name)) and (rows := UNCOMPUTED.findall(archive.read(name))):
                found[int(sheet[1])] = frozenset(map(int, rows))
    return found


def _counts_from_1904(data: bytes) -> bool:
    """Whether days are counted from 1904, as Excel once did on a Mac."""
    if data.startswith(OLE):
        return XLS_1904 in data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        books = (archive.read(name) for name in archive.namelist() if name.lower() == "xl/workbook.xml")
        return any(XLSX_1904.search(book) for book in books)


def _beside_cells(
    texts: Iterable[tuple[Text, str]], found: list[tuple[str, bool, workbook.Columns, workbook.Merged]]
) -> Texts:
    """The texts that stand in no cell: the guard judges a cell by its column."""
    in_cells = {cell.strip() for _, _, columns, _ in found for column in columns for cell in column if cell}
    return tuple((place, text) for place, text in texts if text not in in_cells)


def _look_around(data: bytes, limits: Limits) -> tuple[bool, Texts]:
    """Refuse what is no workbook or a bomb, before anything is unpacked; whether it is harmless, and texts outside cells."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = _check_entries(archive.infolist(), len(data), limits)
            if MANIFEST in archive.namelist() and LOCKED_ODS in archive.open(MANIFEST).read(MEGABYTE):
                raise refused("password_protected")
            is_harmless = unpacked <= HARMLESS_BYTES and _is_harmless(archive)
            return is_harmless, tuple(dict.fromkeys(texts_around(archive, limits.around_bytes)))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error):
        raise refused("truncated_or_damaged") from None


def _check_entries(entries: list[zipfile.ZipInfo], packed: int, limits: Limits) -> int:
    """Check names, encryption and sizes of the entries; their total unpacked bytes."""
    if not any(entry.filename.lower().endswith(("workbook.xml", "content.xml")) for entry in entries):
        raise refused("unknown_format")  # among others .xlsb, of which the reader may lose cells, and .docx
    if any(entry.flag_bits & 1 for entry in entries):
        raise refused("password_protected")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > SMALL_BYTES and unpacked > packed * limits.compression_ratio:
        raise refused("zip_bomb")
    if unpacked > limits.uncompressed_bytes:
        raise refused("too_demanding")
    return unpacked


def _is_harmless(archive: zipfile.ZipFile) -> bool:
    """Whether this is an xlsx without far-away cells: the reader makes room for all between them and A1."""
    names = [name for name in archive.namelist() if name.lower().endswith(".xml")]
    return "content.xml" not in names and not any(FAR_CELL.search(archive.read(name)) for name in names)


def _read_confined(data: bytes, limits: Limits) -> workbook.Found:
    """Parse in a process of its own, whose memory and time are limited and which may crash without harm to us."""
    caps = map(str, (limits.memory_bytes, limits.sheets, limits.cells))
    command = [sys.executable, "-I", str(Path(workbook.__file__)), *caps]
    try:
        done = subprocess.run(
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limits.seconds, check=True
        )
    except subprocess.TimeoutExpired:
        raise workbook.Unreadable("too_demanding") from None
    except subprocess.CalledProcessError as error:
        if error.returncode > 0:  # our own defect, not the file's
            raise
        is_crash = error.returncode == -signal.SIGSEGV
        raise workbook.Unreadable("truncated_or_damaged" if is_crash else "too_demanding") from None
    answer = marshal.loads(done.stdout)
    if isinstance(answer, str):
        raise workbook.Unreadable(answer)
    found, empty = answer
    return found, empty
