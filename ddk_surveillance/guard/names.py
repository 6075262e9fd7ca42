"""What a Chinese name looks like beside the words that announce one, for RE2 and Python alike.

Two or three characters are no evidence by themselves: a name counts only after such a word or before sex and age, with a
surname and without characters that names do not hold.
"""

from __future__ import annotations

import re

HAN = "㐀-鿿"
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
NAME = f"(?:{_COMPOUND}|[{_CLEAR_SURNAMES}]){_GIVEN}"
NAME_OR_WORD = f"(?:{_COMPOUND}|[{_ALL_SURNAMES}]){_GIVEN}"
PERSON = (
    "患儿|患者|病人|学生|幼儿|儿童|婴儿|女童|男童|男孩|女孩|被害人|受害人|死者|伤者|该生|小朋友|同学|其父亲?|其母亲?|父亲|母亲|"
    "监护人|家长|爷爷|奶奶|外公|外婆|儿子|女儿|孙子|孙女|弟弟|妹妹|同桌|新生儿|嫌疑人|被告人|报案人|证人"
)
NAME_LABEL = f"(?:姓名|名字|名叫|联系人|{PERSON})(?:[:：\\s是为系叫]|姓名){{1,3}}"
AFTER_NAME = f"(?:[^0-9A-Za-z{HAN}]|[0-9于在因从被与和系今为自男女的称说同遭乘骑之诉陪摔跌撞受]|$)"
SEX_AND_AGE = r"[,，、\s(（]{1,2}(?:男|女)[性童孩]?[,，、\s]{0,2}[0-9]{1,2}\s*(?:岁|周岁|个?月)"
SEX_OR_AGE = r"[,，、(（]\s?(?:(?:男|女)(?:[)）,，、。;；\s]|$)|[0-9]{1,2}\s*(?:岁|周岁|个?月))"
ADDRESSED = "(?:小?同学|小朋友)"
LATIN_NAME_LABEL = r"(?:姓名|(?:^|[^A-Za-z])(?i:name|patient)\s?[:：])[:：\s]{0,3}"
LATIN_NAME = r"[A-Z][A-Za-z]{1,30}(?:[\s·.-][A-Z][A-Za-z]{1,30})+"
DOTTED_NAME_LABEL = rf"(?:姓名|{PERSON})[:：\s]{{0,3}}"
DOTTED_NAME = rf"[{HAN}]{{2,8}}[·•][{HAN}]{{2,8}}"
NAME_HINT = (
    f"(?:姓名|名字|名叫|联系人|{PERSON})[:：\\s是为系叫姓名]{{0,6}}[{_ALL_SURNAMES}{_COMPOUND.replace('|', '')}]"
)
_NOT_NAMES = re.compile(
    "周[一二三四五六末围]|高[空速温中小热烧一二三年]|温[水热]|石[块板阶子]|马[桶车上]|江[水河]|毛[巾毯]|汤[水汁锅匙]|雷[电雨击]|"
    "康[健宁]|游[乐戏]|田[地野径埂]|车[祸站辆]|农[场田民]|商[业店场]|水[库池]|金属|龙头|方[向法]|祝福|沈静|钱财|钟点|任何|文盲|蓝领|"
    "池塘|单位|常住|步行|来源|全名|曾用"
)
NAME_SHAPED = f"^{NAME_OR_WORD}$"


def is_dotted_name(match: str) -> bool:
    """False for a list of persons (父亲·母亲)."""
    return not re.search(PERSON, match)


def is_name(match: str) -> bool:
    """False for everyday words that begin like a name (高空, 温水)."""
    return not _NOT_NAMES.match(match)
