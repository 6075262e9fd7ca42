"""What Great Expectations does without is missing only while it is imported, and only to it."""

from __future__ import annotations

import importlib
import sys

import pytest

from ddk_surveillance.quality.evaluation import _missing

UNUSED = "wsgiref.validate"  # a module of Python's own that nothing here imports


def test_a_module_is_missing_inside_and_there_afterwards() -> None:
    with _missing(UNUSED), pytest.raises(ImportError):
        importlib.import_module(UNUSED)
    assert importlib.import_module(UNUSED)


def test_what_somebody_has_imported_stays() -> None:
    import json

    with _missing("json"):
        assert sys.modules["json"] is json
    assert sys.modules["json"] is json
