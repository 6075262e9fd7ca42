"""What a direct identifier looks like: one rule per kind and spelling, readable by RE2 and by Python alike.

Texts are matched after NFKC and without invisible characters. `rough` is the whole rule in RE2 (no look-around), fast
enough for every cell; where a check digit or a date decides, `accept` judges each match in Python. A match must not touch
an ASCII letter or digit on either side: digits inside a hex or base32 token, or inside a longer counter, are no number.
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
# Identifying words may be glued to a number; any other letter in front makes it somebody's serial number (A500104…).
EDGE = "[^0-9A-Za-z]"
FRONT = f"(?:^|{EDGE}|(?i:id|no|card|sfz|sfzh|tel|phone|mobile|mob|dh|sj))"
BACK = f"(?:{EDGE}|$)"
LABEL_GAP = rf"(?:号码|编号|卡号|号|(?i:id))?[^0-9A-Za-z{HAN}]{{0,4}}"

# Without a check digit to be sure of, only usual groupings count; a checked number may be spread over anything.
_ANY_GAP = f"[^0-9A-Za-z{HAN}]{{0,3}}"
_GAP = r"[\s\-‐-―−.·•()]{0,2}"
_MONTH_DAY = "(?:0~[1-9]|1~[0-2])~(?:0~[1-9]|[12]~[0-9]|3~[01])"
_ID_18 = ("[1-9]" + "~[0-9]" * 5 + "~(?:1~9|2~0)~[0-9]~[0-9]~" + _MONTH_DAY + "~[0-9]" * 3 + "~[0-9Xx]").replace("~", _ANY_GAP)
_ID_15 = ("[1-9]" + "~[0-9]" * 7 + "~" + _MONTH_DAY + "~[0-9]" * 3).replace("~", r"[\s-]?")
_MOBILE = f"(?:(?:\\+|00)?86{_GAP})?1{_GAP}[3-9](?:{_GAP}[0-9]){{9}}"
_AREA = "(?:10|2[0-9]|[3-9][0-9]{2})"
_LANDLINE = rf"(?:\(0{_AREA}\)\s?|0{_AREA}[\s-]{{1,3}}|(?:\+|00)86[\s-]?\(?0?{_AREA}[)\s-]{{0,3}})[1-9][0-9]{{2,3}}[ -]?[0-9]{{4}}"
_BARE_LANDLINE = r"(?:电话|座机|固话|联系方式)[^0-9A-Za-z]{0,4}(?:0[0-9]{2,3})?[2-8][0-9]{6,7}"
_CARD = r"62[0-9]{14,17}|(?:4[0-9]{3}|5[1-5][0-9]{2})[0-9]{12}|[4-6][0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?"
_PASSPORT = "E[0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|G[0-9]{8}|[DSP]E[0-9]{7}"
_PERMIT = "[HMC][0-9]{8}|C[A-HJ-NP-Z][0-9]{7}"
_PLATE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·•.\\s-]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9学警港澳挂]"
_EMAIL = r"[0-9A-Za-z._%+-]+@(?:[0-9A-Za-z-]+\.)+[A-Za-z]{2,}"
_WECHAT = rf"(?:(?i:微信|薇信|v信|wechat|weixin|vx[:：])(?i:号码|号|id)?[:：=\s]{{0,3}}[A-Za-z][-_0-9A-Za-z]{{5,19}}|wxid_[0-9a-z]{{6,}})"
_LONGITUDE = r"(?:7[3-9]|[89][0-9]|1[0-2][0-9]|13[0-5])\.[0-9]{4,}"
_LATITUDE = r"(?:1[89]|[2-4][0-9]|5[0-4])\.[0-9]{4,}"
_BETWEEN = r"[\s,，;；:/°度东经北纬EN]{1,6}"

# Addresses: a street, a township or a village by name may stand; what leads to one door may not.
_N = "[0-9A-Za-z一二三四五六七八九十百零〇]{1,5}(?:-[0-9]{1,4}){0,2}"
_ROAD = rf"[{HAN}](?:街道|大道|路|街|巷|弄|胡同|正街|支路|村|小区|社区|苑|花园|公寓|新村|大院)\s*(?:附)?{_N}\s*号"
_HOUSE = rf"{_N}\s*(?:号楼|栋|幢|座|单元|号)[\s,-]*(?:{_N}\s*(?:单元|楼|层)\s*)?{_N}\s*(?:单元|室|户|门)"
_UNIT = rf"{_N}\s*(?:栋|幢|单元)[\s,-]*[0-9]{{1,3}}-[0-9]{{1,3}}"
_GROUP = rf"[{HAN}](?:村|社区|镇|乡)\s*第?{_N}\s*(?:村民小组|居民小组|组|社|队)"
_ESTATE = rf"(?:街道|镇|乡|[{HAN}]路|[{HAN}]街|大道|住在?|住址|地址)[:：\s]{{0,2}}[{HAN}]{{2,8}}(?:小区|花园|家园|公寓|新村|大院)"

# Names: only beside a word that announces one, with a surname and without characters that names do not hold.
_CLEAR_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付傅邹熊孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔汤康乔赖文殷牟冉樊兰施洪翟颜倪温芦"
    "俞章鲁葛伍申尤毕聂焦管柴蓝柯庞骆欧涂瞿阮桂祁喻鲍霍翁隋游岑艾晏楚苗裴甘费卜邢詹耿关祝辜舒谷祖敖辛晋"
    "鞠庄符岳柳凌滕蒲靳穆褚佟姬窦饶仇栾娄虞邬闵屈卓巩璩蔺逄匡冼苟幸谌郎柏钮戚"
)
_ALL_SURNAMES = _CLEAR_SURNAMES + "于向方白常易安左时全车花水牛成古路包来齐单项卞边简华明宁容应司尚麦季曲盛童解纪梅蒙宫农沙商阳米房连党冷席景谈迟丛丰乐云和鹿燕朴计步都由池"
_COMPOUND = "欧阳|上官|司马|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|长孙|宇文|端木|南宫|独孤"
_NEVER_IN_NAMES = (
    "的了于在被因从时伤落倒路边头烫骨折痛出血部侧身下上后前某到不无有发现跌摔撞咬手脚腿臂面额肤眼耳鼻口牙学校园班们均已未将等"
    "过间处坠床师度重种先女男岁月日年号与和及或是为系之其该此这那说称把对向给让时候医院诊治疗送来去打推拉跑走玩耍吃喝家庭"
    "属老父母泳包物卡楼水醒愿复爷奶爸妈姑叔舅姨哥姐弟亲者童孩儿人员县区镇乡街村组性类型况"
)
_GIVEN = f"[^\\x00-㏿ꀀ-\U0010ffff{_NEVER_IN_NAMES}]"
_NAME = f"(?:(?:{_COMPOUND}){_GIVEN}{{1,2}}|[{_CLEAR_SURNAMES}]{_GIVEN}{{1,2}})"
_LABELLED_NAME = f"(?:(?:{_COMPOUND}){_GIVEN}{{1,2}}|[{_ALL_SURNAMES}]{_GIVEN}{{1,2}})"
_PERSON = (
    "患儿|患者|病人|学生|幼儿|儿童|婴儿|女童|男童|男孩|女孩|被害人|受害人|死者|伤者|该生|小朋友|同学|其父亲?|其母亲?|父亲|母亲|"
    "监护人|家长|爷爷|奶奶|外公|外婆"
)
_NAME_LABEL = f"(?:姓名|名字|名叫|{_PERSON}|联系人)(?:[:：\\s是为叫]|姓名){{1,3}}"
_AFTER_NAME = f"(?:[^0-9A-Za-z{HAN}]|[0-9于在因从被与和系今为自男女的称说同遭乘骑]|$)"
_AGE_AND_SEX = r"[,，、\s(（]{1,2}(?:男|女)[性童孩]?[,，、\s]{0,2}[0-9]{1,2}\s*(?:岁|周岁|个?月)"
_NOT_NAMES = re.compile("周[一二三四五六末]|高[空速温中小热]|温[水热]|石[块板阶子]|马[桶车上]|金属|江[水河]|龙头|毛[巾毯]|汤[水汁锅]|方向|祝福|游乐|沈静|钱财|钟点|雷[电雨]|康[健宁]")

Judge = Callable[[str], bool]


def digits_of(text: str) -> str:
    return "".join(character for character in text.upper() if character in "0123456789X")


def _is_date(yyyymmdd: str) -> bool:
    try:
        datetime.date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:8]))
    except ValueError:
        return False
    return yyyymmdd[:2] in ("19", "20")


def _is_resident_id(match: str) -> bool:
    """Right birth date and check character, or the three zeros a spreadsheet puts where it lost the last digits."""
    number = digits_of(match)
    checked = resident_check_character(number[:17]) == number[17]
    return _is_date(number[6:14]) and (checked or number.endswith("000"))


def _is_resident_id_15(match: str) -> bool:
    number = digits_of(match)
    timestamp = _is_date(number[:8]) and number[8:10] < "24"
    grouped = min(map(len, re.findall("[0-9]+", match))) >= 3
    return grouped and _is_date("19" + number[6:12]) and not timestamp


def _is_mobile(match: str) -> bool:
    """Grouped as people write numbers; a date or a decimal is not."""
    groups = re.findall("[0-9]+", match)
    groups = groups[1:] if groups[0] in ("86", "0086") else groups
    as_written = len(groups) <= 5 and min(len(groups[0]), len(groups[-1])) >= 2
    date = len(groups) > 2 and len(groups[0]) == 4 and len(groups[1]) <= 2
    decimal = re.fullmatch(r"[0-9]+\.[0-9]+", match)
    return not (date or decimal) and (as_written or all(len(group) == 1 for group in groups))


def _is_landline(match: str) -> bool:
    return not _is_date(digits_of(match)[-8:])


def _passes_luhn(match: str) -> bool:
    """Check digit of bank cards (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(digits_of(match))]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return 16 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_document(match: str) -> bool:
    """Not a counter padded with zeros (H00000012) nor a letter before a date (P20240305)."""
    number = digits_of(match)
    return not number.startswith("000") and not _is_date(number[-8:])


def _is_plate(match: str) -> bool:
    return sum(character.isdigit() for character in match) >= 3


def _is_name(match: str) -> bool:
    return not _NOT_NAMES.match(match)


@dataclass(frozen=True)
class Rule:
    """One spelling of one kind: `core` between `front` and `back`; `serial` is the shape of innocent numbers like it."""

    kind: str
    core: str
    accept: Judge | None = None
    front: str = FRONT
    back: str = BACK
    serial: str | None = None

    @property
    def rough(self) -> str:
        return f"{self.front}(?:{self.core}){self.back}"

    @functools.cached_property
    def exact(self) -> re.Pattern[str]:
        """Matches start after `front` and consume nothing else, so that overlapping candidates are all judged."""
        return re.compile(f"{self.front}(?=({self.core}){self.back})")

    def found_in(self, text: str) -> bool:
        return self.accept is None or any(self.accept(match[1]) for match in self.exact.finditer(text))


RULES: tuple[Rule, ...] = (
    Rule("resident_id", _ID_18, _is_resident_id),
    Rule("resident_id", _ID_15, _is_resident_id_15, front=f"{FRONT[:-1]}|(?:^|[^0-9])\\.)".replace(EDGE, "[^0-9A-Za-z.]"), serial="^[0-9]{15}$"),
    # Beside the word even a mistyped or shortened number identifies.
    Rule("resident_id", f"(?:身份证|证件|身份号码)[^0-9A-Za-z]{{0,8}}[0-9](?:{_GAP}[0-9Xx]){{13,18}}", front=""),
    Rule("mobile", _MOBILE, _is_mobile),
    # "…9b1d-0312-4405-8123…" inside a UUID is no telephone number.
    Rule("landline", _LANDLINE, _is_landline, front="(?:^|[^0-9A-Za-z-]|[^0-9A-Za-z]-)"),
    Rule("landline", _BARE_LANDLINE, front=""),
    Rule("passport", _PASSPORT, _is_document, serial="^(?:E|G|DE|SE|PE)[0-9A-Z]{7,8}$"),
    Rule("passport", f"护照{LABEL_GAP}[A-Za-z]{{0,2}}[0-9]{{7,8}}", front=""),
    Rule("travel_permit", _PERMIT, _is_document, serial="^[HMC][0-9A-Z]{8}$"),
    Rule("travel_permit", f"(?:通行证|回乡证|台胞证|居住证){LABEL_GAP}[A-Za-z]{{0,2}}[0-9]{{7,10}}", front=""),
    Rule("birth_certificate", f"出生(?:医学)?证明?{LABEL_GAP}[A-Za-z][0-9]{{8,9}}", front=""),
    Rule("student_number", f"[GLJglj]{_ID_18}", _is_resident_id),
    Rule("student_number", f"学籍(?:辅)?{LABEL_GAP}[A-Za-z]?[0-9]{{8,18}}[0-9Xx]?", front=""),
    Rule("bank_card", _CARD, _passes_luhn, serial="^[0-9]{16,19}$"),
    Rule("plate", _PLATE, _is_plate, front=""),
    Rule("email", _EMAIL),
    Rule("wechat", _WECHAT, front=f"(?:^|{EDGE})"),
    Rule("qq", f"(?i:qq|扣扣|企鹅)(?:群)?{LABEL_GAP}[1-9][0-9]{{4,10}}", front=f"(?:^|{EDGE})"),
    Rule("location", f"{_LONGITUDE}{_BETWEEN}{_LATITUDE}|{_LATITUDE}{_BETWEEN}{_LONGITUDE}", front="(?:^|[^0-9.])"),
    Rule("household_register", f"户口[簿本]{LABEL_GAP}[0-9]{{6,18}}", front=""),
    Rule("medical_record", f"(?:住院|门诊|病案|病历|就诊|患者|病人){LABEL_GAP}[A-Za-z]{{0,3}}[0-9]{{5,}}", front="", back=""),
    Rule("insurance_number", f"(?:医保|社保|社会保障)卡?{LABEL_GAP}[A-Za-z]{{0,2}}[0-9]{{6,18}}[0-9Xx]?", front=""),
    Rule("address", f"{_ROAD}|{_HOUSE}|{_UNIT}|{_GROUP}|{_ESTATE}", front="", back=""),
    Rule("name", _NAME, _is_name, front=f"(?:{_PERSON})", back=_AFTER_NAME),
    Rule("name", _LABELLED_NAME, _is_name, front=_NAME_LABEL, back=_AFTER_NAME),
    Rule("name", _LABELLED_NAME, _is_name, front=f"(?:^|[^{HAN}])", back=_AGE_AND_SEX),
)

NAME_SHAPED = f"^{_LABELLED_NAME}$"
# Four Chinese digits in a row, or digits of another script: worth a second reading as plain digits.
SPELT_OUT = f"(?:[{''.join(HAN_DIGITS)}]{_GAP}){{4}}|[^\\P{{Nd}}0-9]"
# What a spreadsheet makes of a long number: 5.00104201503071E+17
FLOAT_TEXT = r"^\s*'?[0-9]\.[0-9]{9,}[Ee]\+?1[0-9]\s*$"


@functools.cache
def any_rule() -> str:
    """One RE2 pattern that every text worth a second look matches."""
    return "|".join([*(f"(?:{rule.rough})" for rule in RULES), SPELT_OUT, FLOAT_TEXT])
