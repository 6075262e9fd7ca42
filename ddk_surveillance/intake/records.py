"""Reads JSON, NDJSON and Parquet: lists of records whose keys become row 1 and whose values keep their text."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ddk_surveillance.errors import Text
from ddk_surveillance.intake.encodings import Encoded, text_of
from ddk_surveillance.intake.refusals import refused
from ddk_surveillance.intake.sheets import (
    MEGABYTE,
    Limits,
    Sheet,
    Workbook,
    blank_as_null,
    check_cells,
    map_distinct,
    native,
    sheet_of,
)
from ddk_surveillance.intake.workbook import Value, cell_text

Record = dict[str, Any]
BESIDE = Text("记录之外的内容", "what stands beside the records")


def read_json(encoded: Encoded, limits: Limits, is_lines: bool) -> Workbook:
    """An array of objects, an object with one such array somewhere inside, one object per line, or a single one."""
    if len(encoded.data) > limits.json_bytes:
        raise refused("too_large", limit=limits.json_bytes // MEGABYTE)
    text = text_of(encoded)
    try:
        records, beside = (_lines(text), ()) if is_lines else _records(text)
        return Workbook((_sheet(records, limits),), texts=tuple((BESIDE, word) for word in beside))
    except RecursionError:
        raise refused("json_nested") from None
    except UnicodeEncodeError:  # half of a surrogate pair: no character
        raise refused("encoding") from None


def _records(text: str) -> tuple[list[Record], tuple[str, ...]]:
    """The records of a whole document and the words beside them; an object per line is taken as NDJSON."""
    try:
        document = _parse(text)
    except json.JSONDecodeError as error:
        first_line = text.strip().split("\n", 1)[0].rstrip()
        if error.msg == "Extra data" and first_line.startswith("{") and first_line.endswith("}"):
            return _lines(text), ()
        raise refused("json_malformed", line=error.lineno) from None
    beside: tuple[str, ...] = ()
    if isinstance(document, dict):
        records = []
        for inside, key in list(_lists(document)):
            records.append(inside[key])
            inside[key] = None  # the key itself stands beside the records
        document, beside = (records[0], tuple(_words(document))) if len(records) == 1 else _alone(document, records)
    return _only_records(document), beside


def _lists(document: Record) -> Iterator[tuple[Record, str]]:
    """Where a list of objects stands in whatever depth: data.list of what many programs hand out."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _lists(value)
        elif isinstance(value, list) and all(isinstance(part, dict) for part in value):
            yield document, key


def _alone(document: Record, lists: list[Any]) -> tuple[list[Any], tuple[str, ...]]:
    """The records of an object without a list of them, and the words beside them: one record, or many as data frames write them."""
    parts = list(document.values())
    if len(parts) > 1 and all(isinstance(part, list) and len(part) == len(parts[0]) > 1 for part in parts):
        return [dict(zip(document, row, strict=True)) for row in zip(*parts, strict=True)], ()
    if len(parts) > 1 and all(isinstance(part, dict) and part.keys() == parts[0].keys() for part in parts):
        numbers = list(parts[0])
        if numbers == list(map(str, range(len(numbers)))):  # by column, then by row
            return [{name: document[name][number] for name in document} for number in numbers], ()
        if all(re.search("[0-9]", number) for number in document):  # not {victim: …, suspect: …} of one case
            return parts, tuple(document)
    return lists or [document], ()


def _words(value: object) -> Iterator[str]:
    """Every key and value in whatever depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_words(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif value is not None:
        yield str(value)


def _lines(text: str) -> list[Record]:
    """One object per line; a blank line is a blank row, so that row numbers stay those of the lines plus one."""
    records: list[Any] = []
    for number, line in enumerate(text.rstrip().split("\n"), start=1):
        try:
            records.append(_parse(line) if line.strip() else {})
        except json.JSONDecodeError:
            raise refused("json_malformed", line=number) from None
    return _only_records(records)


def _only_records(document: object) -> list[Record]:
    if not isinstance(document, list) or not all(isinstance(record, dict) for record in document):
        raise refused("json_not_records")
    if not any(document):
        raise refused("no_rows")
    return document


def _parse(text: str) -> Any:
    """JSON with every number as its own text; NaN, Infinity and repeated keys are errors, not guesses."""
    return json.loads(
        text, parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_without_repeats
    )


def _no_constant(name: str) -> None:
    raise json.JSONDecodeError(name, "", 0)


def _without_repeats(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise refused("json_duplicate_key")
    return record


def _sheet(nested: list[Record], limits: Limits) -> Sheet:
    records = [_flat(record) for record in nested]
    keys = list(dict.fromkeys(key for record in records for key in record))
    check_cells(len(records) + 1, len(keys), limits)
    return sheet_of("", [[key, *(_json_cell(record.get(key)) for record in records)] for key in keys])


def _flat(record: Record) -> Record:
    """An object within a record as columns of its own: b of {"a": {"b": 1}} is the column a.b."""
    if not any(isinstance(value, dict) for value in record.values()):
        return record
    pairs: list[tuple[str, Any]] = []
    for key, value in record.items():
        inside = _flat(value) if isinstance(value, dict) else None
        pairs += [(key, value)] if inside is None else [(f"{key}.{name}", inner) for name, inner in inside.items()]
    return _without_repeats(pairs)


def _json_cell(value: object) -> str | None:
    if isinstance(value, list) and not any(isinstance(part, (dict, list)) for part in value):
        value = ";".join(str(part) for part in value if part is not None)
    if isinstance(value, (dict, list)):
        raise refused("json_nested")
    if isinstance(value, bool):
        return cell_text(value)
    return str(value) if value not in (None, "") else None


def read_parquet(data: bytes, limits: Limits) -> Workbook:
    """All columns as text, by the same rules as Excel cells; times with a zone become those of Shanghai."""
    try:
        schema = pq.read_schema(native(data))
        # Kept as dictionaries at first: a million copies of a long text are then known before they are made.
        texts = [field.name for field in schema if _is_text(field.type)]
        file = pq.ParquetFile(native(data), read_dictionary=texts, page_checksum_verification=True)
        check_cells(file.metadata.num_rows + 1, len(schema), limits)
        _check_unpacked(file.metadata, limits)
        table = file.read()
        columns = [_headed(field.name, table.column(i), i + 1, limits) for i, field in enumerate(schema)]
        return Workbook((sheet_of("", columns),), texts=tuple(_metadata(schema)))
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        raise refused("truncated_or_damaged") from None


def _metadata(schema: pa.Schema) -> Iterator[tuple[Text, str]]:
    """What programs and people note beside the table and its columns."""
    for notes in (schema.metadata, *(field.metadata for field in schema)):
        for text in (text for note in (notes or {}).items() for text in note):
            yield BESIDE, text.decode("utf-8", errors="replace")


def _check_unpacked(metadata: pq.FileMetaData, limits: Limits) -> None:
    unpacked = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if unpacked > limits.uncompressed_bytes:
        raise refused("zip_bomb")


def _headed(name: str, column: pa.ChunkedArray, number: int, limits: Limits) -> pa.ChunkedArray:
    """The column's name and below it its cells."""
    if pa.types.is_dictionary(column.type):
        column = _unpacked(column, limits)
    cells = blank_as_null(_as_text(column, number))
    cells.validate(full=True)
    return pa.chunked_array([pa.array([name or None], pa.string()), *cells.chunks])


def _unpacked(column: pa.ChunkedArray, limits: Limits) -> pa.ChunkedArray:
    if _is_text(column.type.value_type):
        lengths = (pc.binary_length(chunk.dictionary).take(chunk.indices) for chunk in column.chunks)
        if sum(pc.sum(length).as_py() or 0 for length in lengths) > limits.uncompressed_bytes:
            raise refused("zip_bomb")
    return column.cast(column.type.value_type)


def _as_text(column: pa.ChunkedArray, number: int) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        zoned = column.cast(pa.timestamp("us", kind.tz and "Asia/Shanghai"), safe=False)
        column = pc.local_timestamp(zoned) if kind.tz else zoned
    if pa.types.is_floating(kind) or pa.types.is_temporal(kind):
        return map_distinct(column, lambda words: [_plain_text(word) for word in words.to_pylist()])
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # lists and the like, or bytes that are no text
        raise refused("parquet_type", column=number) from None


def _plain_text(cell: Value) -> str | None:
    return None if cell != cell else cell_text(cell)  # NaN is how data frames write "missing"


def _is_text(kind: pa.DataType) -> bool:
    """Also what older programs write as bytes."""
    is_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(one(kind) for one in is_text)
