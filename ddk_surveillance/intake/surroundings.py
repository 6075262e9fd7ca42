"""What an Office file holds outside its cells – comments, headers, properties, caches – for the guard to look at.

The file is archived whole, so all that can be read in it must be looked at. Pictures and embedded files cannot be looked
at, so a file that holds any is refused. Who wrote the file (author, last modified by) is no child and is passed over,
unless by a number.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from typing import IO

from ddk_surveillance.errors import Text
from ddk_surveillance.intake.refusals import refused
from ddk_surveillance.intake.sheets import MEGABYTE

OPAQUE = re.compile(r"(^|/)(media|embeddings|pictures|model|object [^/]*)/", re.IGNORECASE)
# Themes hold no words of anybody, and small pictures of the first page what its cells do.
WITHOUT_WORDS = re.compile(
    r"theme|\[content_types]|calcchain|metadata\.xml|manifest|settings\.xml|thumbnail|^mimetype$"
)
PLACES = (
    ("sharedstrings", Text("拼音或单元格不再使用的文字", "phonetic guides or texts that no cell uses any more")),
    ("comment", Text("批注", "comments")),
    ("person", Text("批注", "comments")),
    ("docprops", Text("文档属性", "document properties")),
    ("meta", Text("文档属性", "document properties")),
    ("drawing", Text("图形和文本框", "drawings and text boxes")),
    ("pivot", Text("数据透视表缓存", "pivot cache")),
    ("externallink", Text("外部链接缓存", "cache of linked files")),
    ("_rels", Text("超链接", "links")),
    ("sheets/", Text("公式、页眉页脚和数据验证", "formulas, headers, footers and input rules")),
    ("content", Text("批注、图形、公式及其他", "comments, drawings, formulas and others")),
    ("styles", Text("页眉页脚和数字格式", "headers, footers and formats of numbers")),
    ("", Text("名称定义及其他", "defined names and others")),
)
CELLS_START, CELLS_END = re.compile(rb"<(?:\w+:)?sheetData(?:\s[^>/]*)?>"), re.compile(rb"</(?:\w+:)?sheetData\s*>")
# In the cells of a worksheet nobody else reads formulas, phonetic guides and notes to programs.
UNREAD = re.compile(
    rb"<(?:\w+:)?f(?:\s[^>]*)?>[^<]+<|<(?:\w+:)?rPh\b[^>]*>.{1,4096}?</(?:\w+:)?rPh\s*>|<[!?][^>]{1,4096}>", re.DOTALL
)
LONGEST_UNREAD = 1 << 14
PHONETIC = re.compile(r"<((?:\w+:)?rPh)\b[^<>]*>(.*?)</\1\s*>", re.DOTALL)
WRITERS = re.compile(
    r"<((?:\w+:)?(?:creator|lastModifiedBy|initial-creator|author|person))\b[^<>]*>[^<]*</\1>"
    r"|<(?:\w+:)?(?:person|fileSharing|absPath)\b[^<>]*>"  # also where it was last saved: …\\WeChat Files\\wxid_…
)
# In the cells of an OpenDocument file stand comments and drawings too.
IN_CELLS = re.compile(r"<(office:annotation|draw:[\w-]+)\b[^>]*(?<!/)>.*?</\1>", re.DOTALL)
CELL = re.compile(r"<table:(covered-)?table-cell\b(?:[^>]*/>|.*?</table:(?:covered-)?table-cell>)", re.DOTALL)
XLS_TEXT = re.compile(rb"((?:[\x20-\x7e]\0|[\0-\xff][\x4e-\x9f]|[\x01-\x5e]\xff){4,})|([\x20-\x7e]{8,})")
# One text may be cut into runs of different fonts; all other tags part texts.
RUN = re.compile(r"</?(?:\w+:)?(?:r|t|rPr|span|s|b|i|u|sz|color|rFont|family|charset|scheme|vertAlign)(?:\s[^<>]*)?/?>")
# Whatever it is called, but for the values of OpenDocument cells, which are read as such.
ATTRIBUTE = re.compile(r"""\s(?!office:(?:date-|time-)?value)[^\s<>="']+\s*=\s*(?:"([^"<]+)"|'([^'<]+)')""")
TAG = re.compile(r"<[^<>]*>")
NOTE = re.compile(r"<(?:!--|!\[CDATA\[|\?)(.*?)(?:--|\]\]|\?)>", re.DOTALL)
LONG_NUMBER = re.compile(r"[0-9Xx]{8,}")
HEADER_CODE = re.compile(r'&(?:[A-JL-Z]|"[^"]*"|K[0-9A-F]{6})')  # &L is "left", &P the page; glued to the text itself


def texts_around(archive: zipfile.ZipFile, limit: int) -> Iterator[tuple[Text, str]]:
    """Every text outside the cells as (place, text); so many bytes of XML at most."""
    yield from ((PLACES[-1][1], text) for text in _runs(archive.comment))
    for entry in archive.infolist():
        name = entry.filename.lower()
        yield PLACES[-1][1], f"{entry.filename} {entry.comment.decode(errors='replace')}"
        if OPAQUE.search(name) and not entry.is_dir():
            raise refused("embedded_content")
        if WITHOUT_WORDS.search(name):
            continue
        place = next(place for part, place in PLACES if part in name)
        with archive.open(entry) as stream:
            if "sharedstrings" in name:  # as large as the cells that share them
                yield from ((place, text) for items in _items(stream) for text in _texts(_decoded(items), name))
                continue
            data = _outside_cells(stream) if "worksheets/sheet" in name else stream.read(limit + 1)
        limit -= len(data)
        if limit < 0:
            raise refused("too_demanding")
        texts = _texts(_decoded(data), name) if name.endswith((".xml", ".rels", ".vml")) else _runs(data)
        yield from ((place, text) for text in texts)


def texts_in_xls(data: bytes) -> Iterator[tuple[Text, str]]:
    """Whatever is text in an old Excel file – notes, headers, footers, properties, and the cells once more.

    Its format keeps texts as one byte a character or as UTF-16, each behind its length, so that two never run together.
    """
    place = Text("单元格或批注、页眉页脚", "cells or notes, headers and footers")
    yield from ((place, run) for run in _runs(data))


def _runs(data: bytes) -> Iterator[str]:
    """What is text among other bytes."""
    yield from dict.fromkeys(
        wide.decode("utf-16-le") or narrow.decode("ascii") for wide, narrow in XLS_TEXT.findall(data)
    )


def _decoded(xml: bytes) -> str:
    return xml.decode("utf-16" if xml.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", errors="replace")


def _items(stream: IO[bytes]) -> Iterator[bytes]:
    """The XML of shared strings, cut between two of them."""
    rest = b""
    while more := stream.read(MEGABYTE):
        end = more.rfind(b"si>") + 3 if b"si>" in more else len(more)
        yield rest + more[:end]
        rest = more[end:]
    yield rest


def _outside_cells(stream: IO[bytes]) -> bytes:
    """The XML of a worksheet before and after its cells, and what nobody else reads in them; piece by piece: the cells may be a gigabyte."""
    outside, piece, is_inside = b"", b"", False
    while more := stream.read(MEGABYTE):
        piece += more
        start = None if is_inside else CELLS_START.search(piece)
        if start:
            outside, piece, is_inside = outside + piece[: start.start()], piece[start.end() :], True
        end = CELLS_END.search(piece) if is_inside else None
        if is_inside:
            outside += b"".join(dict.fromkeys(UNREAD.findall(piece, 0, end.start() if end else len(piece))))
        if end:
            return outside + piece[end.end() :] + stream.read()
        kept = piece[-LONGEST_UNREAD:]
        outside, piece = outside if is_inside else outside + piece[:-LONGEST_UNREAD], kept
    return outside if is_inside else outside + piece


def _texts(xml: str, name: str) -> Iterator[str]:
    xml = WRITERS.sub(lambda found: f"\n{' '.join(LONG_NUMBER.findall(found[0]))}\n", xml)
    xml = NOTE.sub(lambda found: f"\n{html.escape(found[1])}\n", xml)
    attributes = map("".join, ATTRIBUTE.findall(xml))
    if name == "content.xml":  # of an OpenDocument file
        xml = "\n".join([*(found[0] for found in IN_CELLS.finditer(xml)), CELL.sub("\n", xml)])
    spoken = [found[2] for found in PHONETIC.finditer(xml)]
    written = PHONETIC.sub("", xml) if spoken else xml
    texts = [*attributes, *TAG.sub("\n", RUN.sub("", "\n".join([written, *spoken]))).split("\n")]
    plain = (HEADER_CODE.sub(" ", html.unescape(text)).strip() for text in texts)
    yield from dict.fromkeys(text for text in plain if text)
