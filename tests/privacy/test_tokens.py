"""Keys are refused unless good; tokens are the same for the same person and say nothing about whom."""

import base64
import datetime
import hashlib
import hmac
import os
import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.settings import PROJECT, csv_rows
from ddk_surveillance.tokens import (
    Key,
    _digests,
    derive,
    institution_token,
    load_key,
    make_key,
    name_with_birth,
    normalise_resident_id,
    rekey,
    token_shaped,
)

VECTORS = Path(__file__).parent / "vectors"
KEY = Key(hashlib.sha256(b"made-up test key").digest())
OTHER_KEY = Key(hashlib.sha256(b"another test key").digest())
RESIDENT_NUMBER = "990104201503070010"


def written_key(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


# ---------------------------------------------------------------------------------------------------------- keys


def test_a_new_key_is_random_private_and_never_overwritten(tmp_path: Path) -> None:
    path, old_mask = tmp_path / "key", os.umask(0)
    try:
        key = make_key(path)
    finally:
        os.umask(old_mask)
    assert (path.stat().st_mode & 0o777, path.stat().st_size) == (0o600, 32)
    assert load_key(path) == key != make_key(tmp_path / "second")
    with pytest.raises(ConfigurationError, match="exists already"):
        make_key(path)
    assert load_key(path) == key


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (b"", 0o600, "32 random bytes"),
        (bytes(range(31)), 0o600, "32 random bytes"),
        (b"\0" * 32, 0o600, "32 random bytes"),
        (b"secretkey" * 4, 0o600, "32 random bytes"),
        (bytes(range(7, 39)), 0o640, "open to others"),
        (bytes(range(7, 39)), 0o604, "open to others"),
        (bytes(range(7, 39)), 0o620, "open to others"),
    ],
)
def test_weak_or_open_keys_are_refused_without_being_shown(
    tmp_path: Path, content: bytes, mode: int, message: str
) -> None:
    path = written_key(tmp_path, content, mode)
    with pytest.raises(ConfigurationError, match=message) as refusal:
        load_key(path)
    told = "".join(refusal.value.text)
    assert str(path) in told
    assert "secret" not in told and refusal.value.__cause__ is None


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_good_key_is_taken(tmp_path: Path, mode: int) -> None:
    assert load_key(written_key(tmp_path, KEY.secret, mode)) == KEY
    assert load_key(written_key(tmp_path / "..", KEY.secret.hex().encode(), mode)).secret == KEY.secret.hex().encode()


def test_absent_keys_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(ConfigurationError, match="DDK_KEY_FILE"):
            load_key(path)


def test_a_key_inside_the_program_or_a_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(PROJECT / "pyproject.toml")
    places = (PROJECT / "key", PROJECT / "ddk_surveillance" / "key", tmp_path / "repository" / "deep" / "key", link)
    for path in places:
        for use in (load_key, make_key):
            with pytest.raises(ConfigurationError, match="inside the program or a repository"):
                use(path)


def test_a_key_shows_its_id_only() -> None:
    assert KEY.id == hashlib.sha256(b"kid" + KEY.secret).hexdigest()[:8]
    assert repr(KEY) == "Key()"


# -------------------------------------------------------------------------------------------------------- tokens


def digests(key: Key, messages: list[str]) -> list[bytes]:
    return [digest for piece in _digests(key, pa.array(messages, pa.string())) for digest in piece.to_pylist()]


def test_digests_agree_with_rfc_4231() -> None:
    rows = csv_rows(VECTORS / "hmac_sha256_vectors.csv")
    for row in rows:
        (digest,) = digests(Key(bytes.fromhex(row["key_hex"])), [row["message_utf8"]])
        assert digest.hex() == row["hmac_sha256_hex"]
    assert len(rows) == 3


@given(st.binary(min_size=1, max_size=140), st.lists(st.text(), max_size=5))
def test_digests_agree_with_the_standard_library(secret: bytes, messages: list[str]) -> None:
    expected = [hmac.digest(secret, message.encode(), "sha256") for message in messages]
    assert digests(Key(secret), messages) == expected


def test_institution_tokens_are_pinned() -> None:
    """The shape and the recipe may never change unnoticed: all history would fall apart."""
    digest = hmac.digest(KEY.secret, b"ddk|v1|id|" + RESIDENT_NUMBER.encode(), "sha256")
    expected = KEY.id + "." + base64.b32encode(digest).decode().lower()[:26]
    assert institution_token(KEY, "id", RESIDENT_NUMBER) == expected
    assert re.fullmatch(r"[0-9a-f]{8}\.[a-z2-7]{26}", expected)


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("id", ["11010519491231002X", "110105 19491231 002x", "１１０１０５-１９４９１２３１-００２Ｘ", "11010519491231\u200b002X"]),
        ("id", ["990104850307001", "990104198503070016"]),
        ("phone", ["13812345678", "+86 138-1234-5678", "008613812345678", "１３８ １２３４ ５６７８"]),
        ("phone", ["023-68901234", "(023)68901234"]),
        ("name", ["张三|2015-03-07|male", " 张 三|2015-03-07|male"]),
        ("name", ["阿依·古丽|2015-03-07|female", "阿依•古丽|2015-03-07|female"]),
        ("case", ["(2024)渝0104刑初123号", "（2024）渝0104刑初123号", "〔2024〕渝0104刑初 123 号"]),
    ],
)  # fmt: skip
def test_spellings_of_one_identifier_give_one_token(kind: str, spellings: list[str]) -> None:
    assert len({institution_token(KEY, kind, raw) for raw in spellings}) == 1  # type: ignore[arg-type]


def test_other_kinds_keys_and_persons_give_other_tokens() -> None:
    tokens = {
        institution_token(key, kind, raw)
        for key in (KEY, OTHER_KEY, derive(KEY, "layer:record"), derive(KEY, "layer:analyst"))
        for kind in ("id", "phone")
        for raw in ("990104201503070010", "990104201503070029")
    }
    assert len(tokens) == 16


def test_name_tokens_need_birth_date_and_sex() -> None:
    boy = name_with_birth("张三", datetime.date(2015, 3, 7), "male")
    girl = name_with_birth("张三", datetime.date(2015, 3, 7), "female")
    assert boy == "张三|2015-03-07|male"
    assert institution_token(KEY, "name", boy) != institution_token(KEY, "name", girl)


@pytest.mark.parametrize("raw", ["", " ", "无", "—"])
def test_nothing_gives_no_token(raw: str) -> None:
    assert institution_token(KEY, "id", raw) is None
    assert institution_token(KEY, "phone", raw) is None


def test_old_resident_numbers_are_upgraded() -> None:
    assert normalise_resident_id("990104850307001") == "990104198503070016"


def test_rekeying_keeps_rows_nulls_and_equality() -> None:
    incoming = pa.array(["ab12cd34.k5xw2mzq7hn3tj6rp4yvb2dfgs", None, "", "K5XW2MZQ7HN3TJ6RP4YVB2DFGS", "other"])
    first, null, empty, same, other = rekey(KEY, incoming).to_pylist()
    digest = hmac.digest(KEY.secret, b"k5xw2mzq7hn3tj6rp4yvb2dfgs", "sha256")
    assert first == same == base64.b32encode(digest).decode().lower()[:26]
    assert null is empty is None
    assert other not in (first, None)
    assert rekey(OTHER_KEY, incoming).to_pylist()[0] != first


@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=30), st.integers(1, 29))
def test_rekeying_does_not_depend_on_order_or_chunks(tokens: list[str | None], cut: int) -> None:
    whole = rekey(KEY, pa.array(tokens, pa.string()))
    backwards = rekey(KEY, pa.array(tokens[::-1], pa.string()))
    chunks = pa.chunked_array([tokens[:cut], tokens[cut:]], pa.string())
    assert whole.to_pylist() == backwards.to_pylist()[::-1] == rekey(KEY, chunks).to_pylist()
    assert whole.type == pa.string()
    assert whole.validate(full=True) is None


@given(st.integers(0, 200_000))
def test_no_unkeyed_digest_of_an_identifier_is_ever_made(number: int) -> None:
    raw = f"99010420150307{number % 10_000:04d}"
    token = institution_token(KEY, "id", raw)
    assert token is not None
    for message in (raw, f"ddk|v1|id|{raw}"):
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, message.encode()).digest()
            assert base64.b32encode(digest).decode().lower()[:26] != token[9:]


SHAPES = {
    "k5xw2mzq7hn3tj6rp4yvb2dfgs": True,
    "K5XW2MZQ7HN3TJ6RP4YVB2DFGS": True,
    "ab12cd34.k5xw2mzq7hn3tj6rp4yvb2dfgs": True,
    "0123456789abcdef" * 2: True,
    "0123456789abcdef" * 4: True,
    "0123456789ABCDEF" * 8: True,
    # No tokens:
    "": False,
    "k5xw2mzq7hn3tj6rp4yvb2dfg": False,  # 25
    "K5xw2mzq7hn3tj6rp4yvb2dfgs": False,  # mixed case
    "k5xw2mzq7hn3tj6rp4yvb2dfg1": False,  # 1 is no base32 digit
    " k5xw2mzq7hn3tj6rp4yvb2dfgs": False,
    "k5xw2mzq7hn3tj6rp4yvb2dfgs\n": False,
    "0123456789abcdef" * 9: False,
    "0123456789abcdef": False,
    "22222222222222222222222222": False,
    "0" * 64: False,
    "ab12cd34.22222222222222222222222222": False,
    "990104201503070010": False,
    "13812345678": False,
    "张三": False,
    "张三k5xw2mzq7hn3tj6rp4yvb2dfgs": False,
    "zhangsan": False,
}


def test_shapes_of_tokens() -> None:
    assert token_shaped(pa.array(SHAPES)).to_pylist() == list(SHAPES.values())


@given(st.sampled_from(["id", "name", "phone", "case"]), st.text(min_size=1))
def test_every_token_we_make_looks_like_one(kind: str, raw: str) -> None:
    token = institution_token(KEY, kind, raw)  # type: ignore[arg-type]
    assert token is None or token_shaped(pa.array([token, token[9:]])).to_pylist() == [True, True]
