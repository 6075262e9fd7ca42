"""One way of writing what people write in many: width, dashes, invisible characters, Chinese numerals."""

import re
import unicodedata

DIGITS = dict(zip("〇零○◯一二两三四五六七八九", "00001223456789", strict=True))
NUMERAL = "".join(DIGITS) + "十廿卅"
LETTER_O = re.compile(rf"(?<=[{NUMERAL}])[Oo0]+(?=[{NUMERAL}年])")  # 二O二四年: a letter in the place of 〇
NUMERALS = re.compile(rf"(?<![0-9{NUMERAL}])[{NUMERAL}]++(?![0-9])")  # not the 零 of 3岁零2个月
PUNCTUATION = re.compile(r"[\s()\[\]{}【】〔〕「」“”‘’\"'/\\|、,。.;:·_-]")


def plain(text: str) -> str:
    """The text in half width, without invisible characters, with one kind of dash and single blanks."""
    if not text.isascii():
        kinds = ((mark, unicodedata.category(mark)) for mark in unicodedata.normalize("NFKC", text))
        text = "".join("-" if kind == "Pd" or mark == "−" else mark for mark, kind in kinds if kind != "Cf")
    return " ".join(text.split()).lstrip("'`’ ")  # Excel's apostrophe keeps digits as text and is not part of them


def folded(text: str) -> str:
    """What two spellings of one label have in common: letters and digits, whatever the case and punctuation."""
    text = plain(text).casefold()
    return PUNCTUATION.sub("", text) or text


def whole_number(text: str) -> str | None:
    """The digits of a whole number that Excel may have turned into `1.0` or `01`; None for anything else."""
    found = re.fullmatch(r"([0-9]+)(\.0*)?", plain(text))
    return (found[1].lstrip("0") or "0") if found else None


def with_arabic_numerals(text: str) -> str:
    """Chinese numerals as digits: 二〇二四年三月十五日 becomes 2024年3月15日."""
    text = LETTER_O.sub(lambda found: "〇" * len(found[0]), text)
    return NUMERALS.sub(lambda found: _arabic(found[0]), text)


def _arabic(numeral: str) -> str:
    tens = re.fullmatch(r"(.?)十(.?)", numeral.replace("廿", "二十").replace("卅", "三十"))
    if tens:
        return str(10 * int(DIGITS.get(tens[1], "1")) + int(DIGITS.get(tens[2], "0")))
    return "".join(DIGITS.get(mark, mark) for mark in numeral)
