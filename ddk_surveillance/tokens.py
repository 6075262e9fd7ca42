"""Keyed pseudonyms: the same person gives the same token, and nobody without the key can go back.

An institution makes tokens from raw identifiers with the district's exchange key; the guard re-keys them with the
warehouse's own, so that a token seen at an institution cannot be looked up here. Unkeyed hashes are worthless: all
resident numbers a child of one district can have are hashed in seconds.
"""

import datetime
import functools
import hashlib
import hmac
import os
import re
import secrets
import stat
import unicodedata
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.settings import PACKAGE, PROJECT

TokenKind = Literal["id", "name", "phone", "case"]
KEY_BYTES = 32
# 32 random bytes hold about 30 different ones, a hexadecimal key 16: fewer than 12 means typed or repeated.
_DISTINCT_BYTES = 12
_TOKEN_CHARACTERS = 26  # of 5 bits: 130 bits
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_CHUNK = 65_536
_FEW = 1_000  # are done before an engine has begun

# Ours, with or without the key's id, or the hexadecimal digest of another office's tool. Whether a digest was keyed
# cannot be seen from its shape: a plain SHA-256 of a resident number passes, so institutions are given our tool.
TOKEN_SHAPE = "(?:[0-9a-fA-F]{8}\\.)?(?:[a-z2-7]{26}|[A-Z2-7]{26})|[0-9a-f]{32,128}|[0-9A-F]{32,128}"
_WITHOUT_LETTERS = r"^[0-9a-fA-F]{8}\.[0-9]+$|^[0-9]+$"


@dataclass(frozen=True)
class Key:
    """A secret that never shows itself; `id` may be stored and shown."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """First 8 hexadecimal digits of SHA-256("kid" + secret)."""
        return hashlib.sha256(b"kid" + self.secret).hexdigest()[:8]


def load_key(path: Path) -> Key:
    """The key in a file of at least 32 random bytes that only its owner can read.

    Raises ConfigurationError when the file is absent, weak, open to others or lies inside the installation.
    """
    _refuse_inside_installation(path)
    secret, mode = _read(path)
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:  # other systems do not tell permissions this way
        raise _key_error(path, f"其他用户可以访问。请执行 chmod 600 {path}", f"is open to others. Run chmod 600 {path}")
    if len(secret) < KEY_BYTES or len(set(secret)) < _DISTINCT_BYTES:
        zh = f"不是 {KEY_BYTES} 个随机字节。请另建一个随机密钥文件。"
        raise _key_error(path, zh, f"does not hold {KEY_BYTES} random bytes. Make another key file from random bytes.")
    return Key(secret)


def make_key(path: Path) -> Key:
    """Write 32 random bytes to a new file of mode 0600; an existing file is never overwritten."""
    _refuse_inside_installation(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        exists = isinstance(error, FileExistsError)
        zh, en = ("已存在", "exists already") if exists else ("无法写入", "cannot be written")
        raise _key_error(path, f"{zh}。请换一个新路径。", f"{en}. Choose a new path.") from None
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES))
    return load_key(path)


def derive(key: Key, purpose: str) -> Key:
    """The key of one layer (`layer:record`, `layer:analyst`), so that tokens of two layers cannot be joined."""
    return Key(hmac.digest(key.secret, purpose.encode(), "sha256"))


def institution_token(key: Key, kind: TokenKind, raw: str) -> str | None:
    """`kid.token` of one identifier: HMAC-SHA256 of kind, version and normalised value, 26 base32 characters.

    For `name` give `name_with_birth(...)`. None when nothing is left of the value (无, —); whether the rest is usable
    (000…, a number of another person) is the caller's to decide.
    """
    value = _NORMALISED[kind](raw)
    if not value:
        return None
    message = f"ddk|v1|{kind}|{value}"
    digest = hmac.digest(key.secret, message.encode(), "sha256")
    return f"{key.id}.{b32encode(digest)[:_TOKEN_CHARACTERS].decode().lower()}"


def name_with_birth(name: str, birth_date: datetime.date, sex: Literal["male", "female"]) -> str:
    """What a name token is made of: a name alone is shared by many children."""
    return f"{name}|{birth_date.isoformat()}|{sex}"


def rekey(key: Key, tokens: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Tokens of this warehouse for incoming tokens: text array in, text array of 26 base32 characters out, nulls kept.

    Case and the sender's key id do not matter. Empty text becomes null.
    """
    encoded = pc.dictionary_encode(tokens.combine_chunks() if isinstance(tokens, pa.ChunkedArray) else tokens)
    distinct = _incoming(encoded.dictionary)
    ours = _tokens_of(key, pc.fill_null(distinct, ""))
    return pc.if_else(pc.is_null(distinct), None, ours).take(encoded.indices)


def token_shaped(texts: pa.Array) -> pa.Array:
    """Which texts have the shape of a token, and not one of what may be raw data (short, all digits, Chinese); nulls kept."""
    shaped = pc.match_substring_regex(texts, f"^(?:{TOKEN_SHAPE})$")
    return pc.and_not(shaped, pc.match_substring_regex(texts, _WITHOUT_LETTERS))


def normalise_resident_id(raw: str) -> str:
    """Resident identity number in one spelling: plain digits, capital X, 15 digits upgraded to 18."""
    number = re.sub(r"[^0-9A-Z]", "", _plain(raw).upper())
    if re.fullmatch(r"[0-9]{15}", number):
        number = f"{number[:6]}19{number[6:]}"
        number += resident_check_character(number)
    return number


def resident_check_character(first_17: str) -> str:
    """Check character of a resident identity number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(first_17)) % 11]


def _normalise_phone(raw: str) -> str:
    digits = re.sub(r"[^0-9]", "", _plain(raw))
    return re.sub(r"^(?:0086|86)(?=1[0-9]{10}$)", "", digits)


def _normalise_name(raw: str) -> str:
    """The letters of a name without a remark in brackets (黄诗琪(转学), 黄 诗 琪, 黄诗琪1), and what is said beside it."""
    name, mark, beside = _plain(raw).partition("|")
    bare = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", name)
    letters = re.sub(r"[\W\d_]", "", bare)
    return f"{letters}{mark}{beside}".upper() if letters else ""


def _normalise_case(raw: str) -> str:
    return re.sub(r"[\s\[\]()〔〕【】<>〈〉《》]", "", _plain(raw)).upper()


def _plain(raw: str) -> str:
    text = unicodedata.normalize("NFKC", raw)
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


_NORMALISED = {"id": normalise_resident_id, "name": _normalise_name, "phone": _normalise_phone, "case": _normalise_case}


def _incoming(tokens: pa.Array) -> pa.Array:
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(tokens.cast(pa.string())))
    bare = pc.replace_substring_regex(plain, r"^[0-9a-f]{8}\.", "")
    return pc.if_else(pc.equal(bare, ""), None, bare)


def _tokens_of(key: Key, messages: pa.Array) -> pa.Array:
    parts = [_base32(digests) for digests in _digests(key, messages) if len(digests)]
    return pa.concat_arrays([pa.array([], pa.string()), *parts])


def _digests(key: Key, messages: pa.Array) -> Iterator[pa.Array]:
    """HMAC-SHA256 (RFC 2104) of every text, in pieces; of many by DuckDB's hash: it works on all processors at once."""
    if len(messages) < _FEW:
        digests = (hmac.digest(key.secret, text.encode(), "sha256") for text in messages.to_pylist())
        yield pa.array(list(digests), pa.binary())
        return
    block = (key.secret if len(key.secret) <= 64 else hashlib.sha256(key.secret).digest()).ljust(64, b"\0")
    pads = {name: bytes(byte ^ mask for byte in block) for name, mask in (("inner", 0x36), ("outer", 0x5C))}
    with _hashing_engine().cursor() as engine:
        engine.register("messages", pa.table({"message": messages}))
        hashed = engine.sql(
            "SELECT unhex(sha256($outer || unhex(sha256($inner || encode(message))))) FROM messages", params=pads
        )
        yield from (batch.column(0) for batch in hashed.to_arrow_reader(_CHUNK))


@functools.cache
def _hashing_engine() -> duckdb.DuckDBPyConnection:
    """A database in memory that never holds a row: nothing but its hash function is wanted."""
    return duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})


def _base32(hashes: pa.Array) -> pa.Array:
    """The first 130 bits of each digest as 26 characters of base32 (RFC 4648, lower case)."""
    start = hashes.offset * 32
    digests = np.frombuffer(hashes.buffers()[2], dtype=np.uint8)[start : start + 32 * len(hashes)].reshape(-1, 32)
    bits = np.unpackbits(digests[:, :17], axis=1)[:, : 5 * _TOKEN_CHARACTERS].reshape(-1, 5)
    characters = _ALPHABET[bits @ np.array([16, 8, 4, 2, 1], dtype=np.uint8)]
    offsets = np.arange(0, len(characters) + 1, _TOKEN_CHARACTERS, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(digests), [None, pa.py_buffer(offsets), pa.py_buffer(characters)])


def _refuse_inside_installation(path: Path) -> None:
    """A key beside the code would be copied, committed or backed up with it."""
    place = path.expanduser().resolve()
    program = PROJECT if (PROJECT / "pyproject.toml").exists() else PACKAGE
    if place.is_relative_to(program) or any((folder / ".git").exists() for folder in place.parents):
        zh, en = "放在程序或代码库目录内。请移到目录以外。", "lies inside the program or a repository. Move it out."
        raise _key_error(path, zh, en)


def _read(path: Path) -> tuple[bytes, int]:
    """Content and mode of the same open file."""
    try:
        with path.open("rb") as stream:
            return stream.read(), os.fstat(stream.fileno()).st_mode
    except OSError:
        zh, en = (
            "不存在或无法读取。请核对其路径（--key-file 或 DDK_KEY_FILE）。",
            "is absent or cannot be read. Check its path (--key-file or DDK_KEY_FILE).",
        )
        raise _key_error(path, zh, en) from None


def _key_error(path: Path, zh: str, en: str) -> ConfigurationError:
    return ConfigurationError(f"密钥文件 {path} {zh}", f"The key file {path} {en}")
