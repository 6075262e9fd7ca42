"""Where a child lives: names and area codes → township of the district, the district, or elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ddk_surveillance.problems import Problem
from ddk_surveillance.settings import csv_rows
from ddk_surveillance.text.spelling import folded, plain

ELSEWHERE = "elsewhere"
DISTRICT = "district"  # a resident whose township was not given

DISTRICT_NAME = "大渡口"
PROVINCE_CODES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82)
)
TYPE = r"(?:街道办事处|街道办|街道|街办|办事处|镇人民政府|镇政府|镇)"
OWN_DISTRICT = re.compile(r"(?:中国)?(?:重庆市?)?大渡口区?|本区|区内")
OUTSIDE_WORDS = re.compile(
    r"(?:(?:外|其他|其它|非本)(?:区县?|市|省|县|地|籍|国)|(?:本?[区市省县]|国|境)以?外|(?:非大渡口|大渡口区?以?外).*|非本地|港澳台|两江新区|高新区)(?:户籍|居民|人员)?"
)
OTHER_DISTRICTS = (
    "万州|涪陵|渝中|江北|沙坪坝|九龙坡|南岸|北碚|綦江|大足|渝北|巴南|黔江|长寿|江津|合川|永川|南川|璧山|铜梁|潼南|荣昌|开州|梁平|武隆|"
    "城口|丰都|垫江|忠|云阳|奉节|巫山|巫溪|石柱|秀山|酉阳|彭水|万盛|双桥"
)
PROVINCES = (
    "北京|天津|河北|山西|内蒙古|辽宁|吉林|黑龙江|上海|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|"
    "陕西|甘肃|青海|宁夏|新疆|台湾|香港|澳门"
)
HAN = "(?![区县市])[\u4e00-\u9fff]"
OTHER_PLACE = re.compile(
    rf"(?:中国)?(?:(?:重庆市?)?(?:{OTHER_DISTRICTS})(?:[区县市].*)?|(?:{PROVINCES})(?!.?[路街村巷城]).*|.+自治[州县].*"
    rf"|(?:重庆市?)?(?:{HAN}){{2,}}县.*|(?!重庆)(?:{HAN}){{2,}}(?<![超城夜])市(?!场).*)"
)


@dataclass(frozen=True)
class Townships:
    """Names without their type (八桥 for 八桥镇 or 八桥街道), and their codes: nine digits in China."""

    names: Mapping[str, str]

    @classmethod
    def load(cls, path: Path) -> "Townships":
        """Read `code,zh,en,aliases` (several aliases separated by |); a name of two without its type is that of neither."""
        names: dict[str, set[str]] = {}
        for row in csv_rows(path):
            for name in filter(None, (row["code"], row["zh"], row["en"], *row["aliases"].split("|"))):
                for written in {folded(name), re.sub(rf"{TYPE}$", "", folded(name))}:
                    names.setdefault(written, set()).add(row["code"])
        return cls({name: codes.pop() for name, codes in names.items() if len(codes) == 1})

    def parse(self, text: str) -> str | Problem:
        """The code of a township, DISTRICT, or ELSEWHERE."""
        digits = re.fullmatch(r"([0-9]+)(?:\.0*)?", plain(text))
        place = self._of_code(digits[1]) if digits else self._of_name(folded(text))
        return place or Problem("unknown_township")

    def _of_code(self, digits: str) -> str | None:
        """A code or number of the list before all; its first six digits are those of the district."""
        listed = self.names.get(digits) or self.names.get(digits[:9])
        if listed or len(digits) not in (6, 9, 12):
            return listed
        if any(code.startswith(digits[:6]) for code in self.names.values()):
            return None if digits[6:].strip("0") else DISTRICT
        return ELSEWHERE if int(digits[:2]) in PROVINCE_CODES else None

    def _of_name(self, name: str) -> str | None:
        if OUTSIDE_WORDS.fullmatch(name):
            return ELSEWHERE
        within = OWN_DISTRICT.match(name)
        rest = name[within.end() :] if within else name
        if within and not rest:
            return DISTRICT
        township = self._township(rest)
        if township or any(own in name for own in (DISTRICT_NAME, *self.names)):
            return township  # a misspelt place of our own is never elsewhere
        return ELSEWHERE if OTHER_PLACE.fullmatch(name) else None

    def _township(self, name: str) -> str | None:
        """The township a name is, or begins with if its type follows (八桥镇某社区); of two, neither."""
        found = re.match(rf"(.+?){TYPE}", name)
        within = (name, found[0], found[1]) if found else (name,)
        place = next((self.names[one] for one in within if one in self.names), None)
        rest = name[found.end() :] if found else ""
        others = {code for one, code in self.names.items() if f"{one}街道" in rest or f"{one}镇" in rest}
        return place if others <= {place} else None
