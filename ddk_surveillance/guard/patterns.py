"""What a direct identifier looks like: one rule per spelling, readable by RE2 and by Python alike.

Texts are matched after NFKC and without invisible characters. RE2 (no look-around) is fast on a million texts, Python on
a few, because pyarrow compiles a pattern anew for every call; where a check digit or a date decides, `accept` judges each
match. A number must not touch an ASCII letter or digit: digits inside a token or a longer counter are nobody's number.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from ddk_surveillance.tokens import resident_check_character

HAN = "㐀-鿿"
HAN_DIGITS = dict(zip("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789", strict=True))
_EDGE = "[^0-9A-Za-z]"
# These words may be glued to a number; any other letter in front makes it a serial number (A500104…).
_GLUED = "(?i:id|no|card|sfz|sfzh|tel|phone|mobile|mob|dh|sj)"
_FRONT = f"(?:^|{_EDGE}|{_GLUED})"
_BACK = f"(?:{_EDGE}|$)"
_NOT_A_FRACTION = f"(?:^|[^0-9A-Za-z.]|[^0-9]\\.|{_GLUED})"
# A block inside a UUID or a grouped card number may look like an area code.
_NOT_IN_A_CHAIN = r"(?:^\s?|[^0-9A-Za-z\s-]|[^0-9]\s|[^0-9A-Za-z]-)"
_LABEL = rf"(?:号码|编号|卡号|号|(?i:id))?[^0-9A-Za-z{HAN}]{{0,4}}"

# `~` stands for what may separate digits: anything where a check digit protects from chance, else usual groupings.
_CHECKED_GAP, _GAP, _NARROW_GAP = f"[^0-9A-Za-z{HAN}]{{0,3}}", r"[\s\-‐-―−.·•()]{0,2}", r"[\s-]?"
_MONTH_DAY = "(?:0~[1-9]|1~[0-2])~(?:0~[1-9]|[12]~[0-9]|3~[01])"
_ID_18 = f"[1-9]{'~[0-9]' * 5}~(?:1~[89]|2~0)~[0-9]~[0-9]~{_MONTH_DAY}{'~[0-9]' * 3}~[0-9Xx]".replace("~", _CHECKED_GAP)
_ID_15 = f"[1-9]{'~[0-9]' * 7}~{_MONTH_DAY}{'~[0-9]' * 3}".replace("~", _NARROW_GAP)
_ID_LABELLED = "(?:身份证|证件|身份号码)[^0-9A-Za-z]{0,8}[0-9](?:~[0-9Xx]){13,18}".replace("~", _GAP)
_MOBILE = "(?:(?:\\+|00)?86~)?1~[3-9](?:~[0-9]){9}".replace("~", _GAP)
_AREA = "(?:10|2[0-9]|[3-9][0-9]{2})"
_LANDLINE = (
    rf"(?:\(0{_AREA}\)\s?|0{_AREA}[\s-]{{1,3}}|(?:\+|00)86[\s-]?\(?0?{_AREA}[)\s-]{{0,3}})"
    "[1-9][0-9]{2,3}[ -]?[0-9]{4}"
)
_LANDLINE_LABELLED = r"(?:电话|座机|固话|联系方式)[^0-9A-Za-z]{0,4}(?:0[0-9]{2,3})?[2-8][0-9]{6,7}"
_CARD = r"62[0-9]{14,17}|(?:4[0-9]{3}|5[1-5][0-9]{2})[0-9]{12}|[4-6][0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?"
_PASSPORT = "E[0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|G[0-9]{8}|[DSP]E[0-9]{7}"
_PERMIT = "[HMC][0-9]{8}|C[A-HJ-NP-Z][0-9]{7}"
_PLATE = (
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
    r"[A-HJ-Z][·•.\s-]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9学警港澳挂]"
)
_EMAIL = r"[0-9A-Za-z._%+-]+@(?:[0-9A-Za-z-]+\.)+[A-Za-z]{2,}"
_WECHAT_WORD = "(?i:微信|薇信|v信|wechat|weixin|vx[:：])(?i:号码|号|id)?"
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
        rf"[{HAN}](?:村|社区|镇|乡)\s*第?{_N}\s*(?:村民小组|居民小组|组|社|队)",
        rf"(?:街道|镇|乡|[{HAN}]路|[{HAN}]街|大道|住在?|住址|地址)[:：\s]{{0,2}}[{HAN}]{{2,8}}(?:{_ESTATE})",
    )
)
_ADDRESS_HINT = f"[0-9A-Za-z一二三四五六七八九十百零〇]\\s*(?:号|[栋幢座组社队]|单元|村民|居民)|[{HAN}](?:{_ESTATE})"

# Names: only beside a word that announces one, with a surname and without characters that names do not hold.
_CLEAR_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付傅邹熊孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔汤康乔赖文殷牟冉樊兰施洪翟颜倪温芦"
    "俞章鲁葛伍申尤毕聂焦管柴蓝柯庞骆欧涂瞿阮桂祁喻鲍霍翁隋游岑艾晏楚苗裴甘费卜邢詹耿关祝辜舒谷祖敖辛晋鞠庄符岳柳凌滕蒲靳"
    "穆褚佟姬窦饶仇栾娄虞邬闵屈卓巩璩蔺匡冼苟幸谌郎柏钮戚"
)
# Surnames that are also everyday words count only beside 姓名 or before sex and age.
_ALL_SURNAMES = _CLEAR_SURNAMES + (
    "于向方白常易安左时全车花水牛成古路包来齐单项卞边简华明宁容应司尚麦季曲盛童解纪梅蒙宫农沙商阳米房连党冷席景谈迟丛丰乐云"
    "和鹿燕朴计步都由池"
)
_COMPOUND = "欧阳|上官|司马|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|长孙|宇文|端木|南宫|独孤"
_NEVER_IN_NAMES = (
    "的了于在被因从时伤落倒路边头烫骨折痛出血部侧身下上后前某到不无有发现跌摔撞咬手脚腿臂面额肤眼耳鼻口牙学校园班们均已未将等"
    "过间处坠床师度重种先女男岁月日年号与和及或是为系之其该此这那说称把对向给让时候医院诊治疗送来去打推拉跑走玩耍吃喝家庭"
    "属老父母爷奶爸妈姑叔舅姨哥姐弟亲者童孩儿人员县区镇乡街村组性类型况泳包物卡楼水醒愿复"
)
_GIVEN = f"[^\\x00-㏿ꀀ-\U0010ffff{_NEVER_IN_NAMES}]{{1,2}}"
_NAME = f"(?:{_COMPOUND}|[{_CLEAR_SURNAMES}]){_GIVEN}"
_NAME_OR_WORD = f"(?:{_COMPOUND}|[{_ALL_SURNAMES}]){_GIVEN}"
_PERSON = (
    "患儿|患者|病人|学生|幼儿|儿童|婴儿|女童|男童|男孩|女孩|被害人|受害人|死者|伤者|该生|小朋友|同学|其父亲?|其母亲?|父亲|母亲|"
    "监护人|家长|爷爷|奶奶|外公|外婆"
)
_NAME_LABEL = f"(?:姓名|名字|名叫|联系人|{_PERSON})(?:[:：\\s是为叫]|姓名){{1,3}}"
_AFTER_NAME = f"(?:[^0-9A-Za-z{HAN}]|[0-9于在因从被与和系今为自男女的称说同遭乘骑]|$)"
_SEX_AND_AGE = r"[,，、\s(（]{1,2}(?:男|女)[性童孩]?[,，、\s]{0,2}[0-9]{1,2}\s*(?:岁|周岁|个?月)"
_NAME_HINT = f"(?:姓名|名字|名叫|联系人|{_PERSON})[:：\\s是为叫姓名]{{0,4}}[{_ALL_SURNAMES}{_COMPOUND.replace('|', '')}]"
_NOT_NAMES = re.compile(
    "周[一二三四五六末]|高[空速温中小热]|温[水热]|石[块板阶子]|马[桶车上]|江[水河]|毛[巾毯]|汤[水汁锅]|雷[电雨]|康[健宁]|"
    "金属|龙头|方向|祝福|游乐|沈静|钱财|钟点"
)


def _number(match: str) -> str:
    return "".join(character for character in match.upper() if character in "0123456789X")


def _is_date(yyyymmdd: str) -> bool:
    try:
        datetime.date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:8]))
    except ValueError:
        return False
    return yyyymmdd[:2] in ("18", "19", "20")


def _is_resident_id(match: str) -> bool:
    """Right date and check character, or the three zeros a spreadsheet puts where it lost the last digits.

    The area is not looked at: withdrawn and unallocated areas occur in real numbers.
    """
    number = _number(match)
    return _is_date(number[6:14]) and (resident_check_character(number[:17]) == number[17] or number.endswith("000"))


def _is_resident_id_15(match: str) -> bool:
    number = _number(match)
    is_timestamp = _is_date(number[:8]) and number[8:10] < "24"
    is_grouped = min(map(len, re.findall("[0-9]+", match))) >= 3
    return is_grouped and _is_date("19" + number[6:12]) and not is_timestamp


def _is_mobile(match: str) -> bool:
    """Grouped as people write numbers; dates (1985-3-12 …) and decimals are not."""
    groups = re.findall("[0-9]+", re.sub(r"^(?:\+|00)?86(?=\D)", "", match))
    is_written_so = len(groups) <= 5 and min(len(groups[0]), len(groups[-1])) >= 2
    is_date = len(groups) > 2 and len(groups[0]) == 4 and len(groups[1]) <= 2
    is_spelt = all(len(group) == 1 for group in groups)
    return (is_written_so or is_spelt) and not is_date and not re.fullmatch(r"[0-9]+\.[0-9]+", match)


def _is_landline(match: str) -> bool:
    return not _is_date(_number(match)[-8:])


def _passes_luhn(match: str) -> bool:
    """Check digit of bank cards (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(_number(match))]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_document(match: str) -> bool:
    """Not a counter padded with zeros (H00012045), nor a letter before a date (P20240305)."""
    number = _number(match)
    return not number.startswith("000") and not _is_date(number)


def _is_plate(match: str) -> bool:
    return sum(character.isdigit() for character in match) >= 3


def _is_name(match: str) -> bool:
    return not _NOT_NAMES.match(match)


@dataclass(frozen=True)
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


RULES: tuple[Rule, ...] = (
    Rule("resident_id", _ID_18, _is_resident_id),
    Rule("resident_id", _ID_15, _is_resident_id_15, front=_NOT_A_FRACTION, serial="^[0-9]{15}$"),
    Rule("resident_id", _ID_LABELLED, front=""),  # beside the word even a mistyped number identifies
    Rule("mobile", _MOBILE, _is_mobile),
    Rule("landline", _LANDLINE, _is_landline, front=_NOT_IN_A_CHAIN),
    Rule("landline", _LANDLINE_LABELLED, front=""),
    Rule("passport", _PASSPORT, _is_document, serial="^(?:E|G|DE|SE|PE)[0-9A-Z]{7,8}$"),
    _labelled("passport", "护照", "[A-Za-z]{0,2}[0-9]{7,8}"),
    Rule("travel_permit", _PERMIT, _is_document, serial="^[HMC][0-9A-Z]{8}$"),
    _labelled("travel_permit", "通行证|回乡证|台胞证|居住证", "[A-Za-z]{0,2}[0-9]{7,10}"),
    _labelled("birth_certificate", "出生证明?|出生医学证明", "[A-Za-z][0-9]{8,9}"),
    Rule("student_number", f"[GLJglj]{_ID_18}", _is_resident_id, hint=_ID_18),
    _labelled("student_number", "学籍辅?", "[A-Za-z]?[0-9]{8,18}[0-9Xx]?"),
    Rule("bank_card", _CARD, _passes_luhn, serial="^[0-9]{16,19}$"),
    Rule("plate", _PLATE, _is_plate, front=""),
    Rule("email", _EMAIL),
    Rule("wechat", _WECHAT, front=f"(?:^|{_EDGE})"),
    Rule("qq", f"(?i:qq|扣扣|企鹅)群?{_LABEL}[1-9][0-9]{{4,10}}", front=f"(?:^|{_EDGE})"),
    Rule("location", _POSITION, front="(?:^|[^0-9.])"),
    _labelled("household_register", "户口[簿本]", "[0-9]{6,18}"),
    _labelled("medical_record", "住院|门诊|病案|病历|就诊|患者|病人", "[A-Za-z]{0,3}[0-9]{5,18}"),
    _labelled("insurance_number", "(?:医保|社保|社会保障)卡?", "[A-Za-z]{0,2}[0-9]{6,18}[0-9Xx]?"),
    Rule("address", _ADDRESS, front="", back="", hint=_ADDRESS_HINT),
    Rule("name", _NAME, _is_name, front=f"(?:{_PERSON})", back=_AFTER_NAME, hint=_NAME_HINT),
    Rule("name", _NAME_OR_WORD, _is_name, front=_NAME_LABEL, back=_AFTER_NAME, hint=_NAME_HINT),
    Rule("name", _NAME_OR_WORD, _is_name, front=f"(?:^|[^{HAN}])", back=_SEX_AND_AGE, hint=f"[{HAN}]{_SEX_AND_AGE}"),
)

NAME_SHAPED = f"^{_NAME_OR_WORD}$"
# Worth a second reading as plain digits: four Chinese digits in a row, or digits of another script.
SPELT_OUT = f"(?:[{''.join(HAN_DIGITS)}]{_GAP}){{4}}|[٠-٩۰-۹०-९๐-๙]"
# What a spreadsheet makes of a long number: 5.00104201503071E+17
FLOAT_TEXT = r"^\s*'?[0-9]\.[0-9]{9,}[Ee]\+?1[0-9]\s*$"


@functools.cache
def any_hint() -> str:
    """One pattern that every text worth a second look matches."""
    hints = dict.fromkeys(rule.hint or rule.core for rule in RULES)
    return "|".join([*(f"(?:{hint})" for hint in hints), SPELT_OUT, FLOAT_TEXT])
