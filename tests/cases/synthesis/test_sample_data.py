"""The committed sample is what `ddk synthesise` makes by default: `make sample-data` renews it."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from ddk_surveillance.cli import main
from ddk_surveillance.settings import resource

MAXIMUM_BYTES = 3_000_000
SYNTHESISED = ("landing", "truth")


def contents(folder: Path) -> dict[str, object]:
    """Every file by its name; of packed files what is inside, because not every zlib packs alike."""
    files = (path for part in SYNTHESISED for path in sorted((folder / part).rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): unpacked(path) for path in files}


def unpacked(path: Path) -> object:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix != ".xlsx":
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name) for name in book.namelist()}


def test_the_sample_is_what_the_default_makes(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        main(["synthesise", "--out", str(tmp_path)])
    assert end.value.code == 0
    made, committed = contents(tmp_path), contents(resource("sample_data"))
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == []


def test_the_sample_is_small() -> None:
    files = [path for path in resource("sample_data").rglob("*") if path.is_file()]
    assert 60 <= len(files) <= 160
    assert sum(path.stat().st_size for path in files) <= MAXIMUM_BYTES
