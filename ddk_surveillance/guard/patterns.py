"""What a direct identifier looks like: one rule per spelling, readable by RE2 and by Python alike.

Texts are matched after NFKC and without invisible characters. RE2 (no look-around) is fast on a million texts, Python on
a few, because pyarrow compiles a pattern anew for every call; where a check digit or a date decides, `accept` judges each
match. A number must not touch an ASCII letter or digit: digits inside a token or a longer counter are nobody's number.
"""

import base64
import datetime
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ddk_surveillance.guard import names
from ddk_surveillance.guard.names import HAN
from ddk_surveillance.tokens import resident_check_character

HAN_DIGITS = dict(zip("〇○零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001234567891123456789", strict=True))
_EDGE = "[^0-9A-Za-z]"
# These words may be glued to a number; any other letter in front makes it a serial number (A500104…).
_GLUED = "(?i:id|no|card|sfz|sfzh|tel|phone|mobile|mob|dh|sj)"
_FRONT = f"(?:^|{_EDGE}|{_GLUED})"
_NO_HAN = f"(?:^|[^{HAN}])"
_BACK = f"(?:{_EDGE}|$)"
_NOT_A_FRACTION = f"(?:^|[^0-9A-Za-z.]|[^0-9]\\.|{_GLUED})"
# A block inside a UUID or a grouped card number may look like an area code.
_NOT_IN_A_CHAIN = r"(?:^\s?|[^0-9A-Za-z\s-]|[^0-9]\s|[^0-9A-Za-z]-)"
_LABEL = rf"(?:号码|编号|卡号|号|(?i:id))?[^0-9A-Za-z{HAN}]{{0,4}}"

# What is typed or recognised in the place of a digit.
LOOKALIKE = str.maketrans("OolI", "0011")
_D = "[0-9OolI]"
# `~` stands for what may separate digits: anything where a check digit protects from chance, else usual groupings.
_CHECKED_GAP, _GAP, _NARROW_GAP = f"[^0-9A-Za-z{HAN}]{{0,3}}", r"[\s\-‐-―−.·•()]{0,2}", r"[\s-]?"
_MONTH_DAY = "(?:0~[1-9]|1~[0-2])~(?:0~[1-9]|[12]~[0-9]|3~[01])"
_CENTURY = "(?:[1lI]~[89]|2~[0Oo])"
_ID_18 = f"[1-9lI](?:~{_D}){{5}}~{_CENTURY}(?:~{_D}){{9}}~[0-9OolIXx]".replace("~", _CHECKED_GAP)
_ID_15 = f"[1-9](?:~[0-9]){{7}}~{_MONTH_DAY}(?:~[0-9]){{3}}".replace("~", _NARROW_GAP)
# What Base64 makes of 18 digits, the last perhaps an X: some systems hand out numbers so.
_THREE_DIGITS = "[MNO][DTjz][AEIMQUYcgk][0-5w-z]"
_ID_BASE64 = f"(?:{_THREE_DIGITS}){{5}}(?:{_THREE_DIGITS}|[MNO][DTjz][BFJNRVZdhl]Y)"
_ID_LABELLED = "(?:身份证|证件|身份号码)[^0-9A-Za-z]{0,8}[0-9lI](?:~[0-9OolIXx]){13,18}".replace("~", _GAP)
_MOBILE = f"(?:(?:\\+|00)?86~)?[1l]~[3-9](?:~{_D}){{9}}|1[3-9][0-9][*_][0-9]{{4}}[*_][0-9]{{4}}".replace("~", _GAP)
_AREA = "(?:10|2[0-9]|[3-9][0-9]{2})"
# 023 is the area code here; an extension (转802) shows a number for what it is as well.
_LANDLINE = (
    rf"(?:\(0{_AREA}\)\s?|0{_AREA}[\s\-‐-―−]{{1,3}}|(?:\+|00)86[\s-]?\(?0?{_AREA}[)\s-]{{0,3}})"
    r"[1-9][0-9]{2,3}[ -]?[0-9]{4}|023[2-8][0-9]{7}|[2-8][0-9]{6,7}\s?转(?:分机)?\s?[0-9]{1,5}"
)
_LANDLINE_LABELLED = r"(?:电话|座机|固话|联系方式)[^0-9A-Za-z]{0,4}(?:0[0-9]{2,3})?[2-8][0-9]{2,3}[ -]?[0-9]{4}"
_CARD = r"62[0-9]{14,17}|(?:4[0-9]{3}|5[1-5][0-9]{2})[0-9]{12}|[4-6][0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?"
_PASSPORT = "E[0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|G[0-9]{8}|[DSP]E[0-9]{7}"
_PERMIT = "[HMC][0-9]{8}|[HM][0-9]{10}|C[A-HJ-NP-Z][0-9]{7}"
_MILITARY = "(?:军官|士官|士兵|军人|警官)证(?:号码|编号|号)?[^0-9A-Za-z]{0,8}[0-9]{5,8}|[军南北东西中空海政后装武]字第[0-9]{6,8}号"
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_PLATE = (
    rf"{_PROVINCE}[\s-]?[A-HJ-Z][·•.\s-]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9学警港澳挂]|WJ{_PROVINCE}?[0-9]{{4}}[0-9A-Z]"
)
_EMAIL = r"[0-9A-Za-z._%+-]+\s?(?:@|[\[(](?i:at)[\])])\s?(?:[0-9A-Za-z-]+[.。])+[A-Za-z]{2,}"
_WECHAT_WORD = r"(?i:微信|薇信|v信|wechat|weixin|抖音|快手|小红书|钉钉|支付宝|(?:vx|wx|加v)\s?[:：])\s?(?i:号码|号|id)?"
_WECHAT = rf"{_WECHAT_WORD}[:：=\s]{{0,3}}[A-Za-z][-_0-9A-Za-z]{{5,19}}|wxid_[0-9a-z]{{6,}}"
_LONGITUDE = r"(?:7[3-9]|[89][0-9]|1[0-2][0-9]|13[0-5])\.[0-9]{4,}"
_LATITUDE = r"(?:1[89]|[2-4][0-9]|5[0-4])\.[0-9]{4,}"
_POSITION = f"{_LONGITUDE}~{_LATITUDE}|{_LATITUDE}~{_LONGITUDE}".replace("~", r"[\s,，;；:/°度东经北纬EN]{1,6}")

# Addresses: a street, a township or a village by name may stand; what leads to one door may not.
_N = "[0-9A-Za-z一二三四五六七八九十百零〇]{1,5}(?:-[0-9]{1,4}){0,2}"
_ESTATE = "小区|花园|家园|公寓|新村|大院"
_ADDRESS = "|".join(
    (
        rf"[{HAN}](?:街道|大道|路|街|巷|弄|胡同|村|社区|苑|{_ESTATE})\s*附?{_N}\s*号",
        rf"{_N}\s*(?:号楼|栋|幢|座|单元|号)[\s,-]*(?:{_N}\s*(?:单元|楼|层)\s*)?{_N}\s*(?:单元|室|户|门)",
        rf"{_N}\s*(?:栋|幢|单元)[\s,-]*[0-9]{{1,3}}-[0-9]{{1,3}}",
        r"[0-9]{1,3}-(?:[0-9]{1,3}-[0-9]{1,4}|[0-9]{3,4})\s*室",
        rf"[{HAN}](?:{_ESTATE}|苑)\s*[0-9]{{1,3}}-(?:[0-9]{{1,2}}-[0-9]{{1,4}}|[0-9]{{3,4}})",
        r"[A-Z]座\s*[0-9]{3,4}(?:[^0-9年月]|$)",
        rf"[{HAN}](?:{_ESTATE}|苑|村|城|府|庭|湾|都)\s*(?:[A-Z]区|[0-9一二三四五六]{{1,2}}期)?\s*{_N}\s*(?:栋|幢)",
        rf"[{HAN}](?:村|社区|镇|乡)\s*第?{_N}\s*(?:村民小组|居民小组|组|队|社(?:[^区]|$))",
        rf"(?:街道|镇|乡|[{HAN}]路|[{HAN}]街|大道|住在?|住址|地址)[:：\s]{{0,2}}[{HAN}]{{2,8}}(?:{_ESTATE})",
    )
)
_ADDRESS_HINT = f"[0-9A-Za-z一二三四五六七八九十百零〇]\\s*(?:号|[栋幢座组社队室]|单元|村民|居民)|[{HAN}](?:{_ESTATE})"


def _number(match: str) -> str:
    return "".join(character for character in match.translate(LOOKALIKE).upper() if character in "0123456789X")


def is_date(yyyymmdd: str) -> bool:
    try:
        datetime.date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:8]))
    except ValueError:
        return False
    return yyyymmdd[:2] in ("18", "19", "20")


def _is_resident_id(match: str) -> bool:
    """Right date and check character, or the three zeros a spreadsheet puts where it lost the last digits.

    An X at the end needs not be right: no counter ends so, and a mistyped number identifies too. The area is not looked
    at: withdrawn and unallocated areas occur in real numbers.
    """
    number = _number(match)
    is_right = resident_check_character(number[:17]) == number[17]
    return is_date(number[6:14]) and (is_right or number.endswith(("X", "000")))


def _is_resident_id_in_base64(match: str) -> bool:
    return _is_resident_id(base64.b64decode(match).decode())


def _is_resident_id_15(match: str) -> bool:
    number = _number(match)
    is_timestamp = is_date(number[:8]) and number[8:10] < "24"
    is_grouped = min(map(len, re.findall("[0-9]+", match))) >= 3
    return is_grouped and is_date("19" + number[6:12]) and not is_timestamp


def _is_mobile(match: str) -> bool:
    """Grouped as people write numbers; dates (1985-3-12 …) and decimals are not."""
    match = match.translate(LOOKALIKE)
    if match.isdecimal():
        return True
    groups = re.findall("[0-9]+", re.sub(r"^(?:\+|00)?86(?=\D)", "", match))
    is_written_so = len(groups) <= 5 and min(len(groups[0]), len(groups[-1])) >= 2
    is_date = len(groups) > 2 and len(groups[0]) == 4 and len(groups[1]) <= 2
    is_spelt = all(len(group) == 1 for group in groups)
    return (is_written_so or is_spelt) and not is_date and not re.fullmatch(r"[0-9]+\.[0-9]+", match)


def _is_landline(match: str) -> bool:
    return not is_date(_number(match)[-8:])


def _passes_luhn(match: str) -> bool:
    """Check digit of bank cards (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(_number(match))]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_document(match: str) -> bool:
    """Not a counter padded with zeros (H00012045), nor a letter before a date (P20240305)."""
    number = _number(match)
    return not number.startswith("000") and not is_date(number)


def _is_plate(match: str) -> bool:
    return sum(character.isdigit() for character in match) >= 3


def _is_account(match: str) -> bool:
    """Not an everyday word after the program's name (WeChat account)."""
    return re.search("[0-9_:：=-]|号", match) is not None


def _is_home(match: str) -> bool:
    return not match.startswith(("学生公寓", "生公寓", "师公寓"))


@dataclass(frozen=True, eq=False)  # each is only itself, and found in a cache without a look at all it says
class Rule:
    """One spelling of one kind: `core` between `front` and `back`.

    `hint` is a cheaper pattern that every match contains; `serial` is the shape of innocent numbers that resemble it, for
    judging a whole column of them.
    """

    kind: str
    core: str
    accept: Callable[[str], bool] | None = None
    front: str = _FRONT
    back: str = _BACK
    hint: str | None = None
    serial: str | None = None

    @property
    def rough(self) -> str:
        return f"{self.front}(?:{self.core}){self.back}"

    @functools.cached_property
    def _exact(self) -> re.Pattern[str]:
        """Consumes only `front`, so that overlapping candidates are all judged; `\\s` as in RE2."""
        return re.compile(f"{self.front}(?=({self.core}){self.back})", re.ASCII)

    def found_in(self, text: str) -> bool:
        return any(self.accept is None or self.accept(match[1]) for match in self._exact.finditer(text))


def _labelled(kind: str, words: str, number: str) -> Rule:
    """A number that only the word before it makes an identifier."""
    return Rule(kind, f"(?:{words}){_LABEL}{number}", front="")


def _name(
    core: str, front: str, back: str, hint: str | None = None, accept: Callable[[str], bool] | None = names.is_name
) -> Rule:
    return Rule("name", core, accept, front, back, hint)


RESIDENT_ID = Rule("resident_id", _ID_18, _is_resident_id)
RULES: tuple[Rule, ...] = (
    RESIDENT_ID,
    Rule("resident_id", _ID_15, _is_resident_id_15, front=_NOT_A_FRACTION, serial="^[0-9]{15}$"),
    Rule("resident_id", _ID_BASE64, _is_resident_id_in_base64),
    Rule("resident_id", _ID_LABELLED, front=""),  # beside the word even a mistyped number identifies
    Rule("mobile", _MOBILE, _is_mobile),
    Rule("landline", _LANDLINE, _is_landline, front=_NOT_IN_A_CHAIN),
    Rule("landline", _LANDLINE_LABELLED, _is_landline, front=""),
    Rule("passport", _PASSPORT, _is_document, serial="^(?:E|G|DE|SE|PE)[0-9A-Z]{7,8}$"),
    _labelled("passport", "护照", "[A-Za-z]{0,2}[0-9]{7,8}"),
    Rule("travel_permit", _PERMIT, _is_document, serial="^[HMC][0-9A-Z]{8}$"),
    _labelled("travel_permit", "通行证|回乡证|台胞证|居住证|永久居留证", "[A-Za-z]{0,3}[0-9]{7,18}[0-9Xx]?"),
    Rule("military_card", _MILITARY, front=""),
    _labelled("birth_certificate", "出生证明?|出生医学证明", "[A-Za-z][0-9]{8,9}"),
    Rule("student_number", f"[GLJglj]{_ID_18}", _is_resident_id, hint=_ID_18),
    _labelled("student_number", "学籍辅?", "[A-Za-z]?[0-9]{8,18}[0-9Xx]?"),
    Rule("bank_card", _CARD, _passes_luhn, serial="^[0-9]{16,19}$"),
    _labelled("bank_card", "银行卡|储蓄卡|信用卡|借记卡", "[0-9]{15,19}"),
    Rule("plate", _PLATE, _is_plate, front=""),
    Rule("plate", "[A-HJ-Z][0-9A-HJ-NP-Z]{5,6}", _is_plate, front=r"车牌(?:号码|号)?[:：\s]{0,2}"),
    Rule("email", _EMAIL, front="(?:^|[^0-9A-Za-z._%+-])", hint="@|(?i:at)[\\])]"),
    Rule("wechat", _WECHAT, _is_account, front=f"(?:^|{_EDGE})"),
    Rule("qq", rf"(?i:qq|扣扣|企鹅)群?{_LABEL}[1-9](?:[\s-]?[0-9]){{4,10}}", front=f"(?:^|{_EDGE})"),
    Rule("location", _POSITION, front="(?:^|[^0-9.])"),
    _labelled("household_register", "户口[簿本]", "[0-9]{6,18}"),
    _labelled("medical_record", "住院|门诊|病案|病历|就诊|患者|病人|(?i:patient)", "[A-Za-z]{0,3}[0-9]{5,18}"),
    _labelled("insurance_number", "(?:医保|社保|社会保障)卡?|健康卡", "[A-Za-z]{0,2}[0-9]{6,18}[0-9Xx]?"),
    Rule("address", _ADDRESS, _is_home, front="", back="", hint=_ADDRESS_HINT),
    _name(names.NAME, f"(?:{names.PERSON}|姓名)", names.AFTER_NAME, names.NAME_HINT),
    _name(names.NAME_OR_WORD, names.NAME_LABEL, names.AFTER_NAME, names.NAME_HINT),
    _name(names.NAME_OR_WORD, _NO_HAN, names.SEX_AND_AGE, f"[{HAN}]{names.SEX_AND_AGE}"),
    _name(names.NAME, _NO_HAN, names.SEX_OR_AGE, f"[{HAN}]{names.SEX_OR_AGE}"),
    _name(names.NAME, f"(?:{_NO_HAN}|[与和被同])", names.ADDRESSED, f"[{HAN}]{names.ADDRESSED}"),
    _name(names.NAME, _NO_HAN, names.IN_CLASS, f"[{HAN}]{names.IN_CLASS}"),
    _name(names.LIKELY_NAME, names.BEFORE_ACTING, names.ACTING, names.LIKELY_NAME),
    _name(names.LIKELY_NAME, names.BEFORE_ACTING, names.IN_ROLE, names.LIKELY_NAME),
    _name(names.LIKELY_LONG_NAME, names.BEFORE_LONG_NAME, "", names.LIKELY_LONG_NAME),
    _name(names.DOTTED_NAME, "[被把]", names.ACTING, accept=names.is_dotted_name),
    _name(names.LATIN_NAME, names.LATIN_NAME_LABEL, "", accept=None),
    _name(names.DOTTED_NAME, names.DOTTED_NAME_LABEL, "", accept=names.is_dotted_name),
)

# Worth a second reading as plain digits: four Chinese digits in a row, or digits of another script.
SPELT_OUT = f"(?:[{''.join(HAN_DIGITS)}]{_GAP}){{4}}|[٠-٩۰-۹०-९๐-๙]"
# What a spreadsheet makes of a long number: 5.00104201503071E+17
FLOAT_TEXT = r"^\s*'?[0-9]\.[0-9]{9,}[Ee]\+?1[0-9]\s*$"


@functools.cache
def any_rule(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """Patterns of which every text worth a second look matches one.

    In eighths, and of a rule that is its own hint the core alone: given more at once RE2 runs out of room for its
    automaton and takes fifty times as long.
    """
    patterns = [rule.core if rule.hint == rule.core else rule.rough for rule in rules]
    eighth = -(-len(rules) // 8)
    return tuple(_any_of(patterns[at : at + eighth]) for at in range(0, len(rules), eighth))


@functools.cache
def any_hint(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """The same, letting more texts pass but quick in Python."""
    return (_any_of(rule.hint or rule.core for rule in rules),)


def _any_of(patterns: Iterable[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in dict.fromkeys((*patterns, SPELT_OUT, FLOAT_TEXT)))
