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
    "碗锅盆桶杯瓶刀具械药毒酒油电火气车门窗凳椅桌板砖块棍棒绳球架灯针钉膏粉液粥汁奶烟虫蛇犬狗猫蜂鼠猪羊鸡鸭鱼虾蟹祸课赛"
)
# Of most names all characters are among these; where little else tells, they must be.
_OFTEN_GIVEN = (
    "一乐书云亚亮亿仁仪伊伟伦佑佩佳依俊俞信倩健傲元兆光克兰兴冉冠冬冰凌凡凤凯刚勇勋博卉卓卫南友可史君启吉向和咏咪哲唯喆嘉圆"
    "坤垚培夏大天奇奕如妍妙妤妮姗姝姿娅娇娜娟娴婉婕婧婷媛嫣子孜孝宁宇安宏宗宛宝宣宸容宽宾家富寒尔尧岚峥峰峻崇"
    "巧平广庆康廷建弘强彤彦彩彬彭影微心志忆念忠怀思怡恒恩恬悠悦情惠意慧成承技振捷敏文斌斐新旋旭昀昂昆昊昌明易昕星春昭晋晓晔晗晚"
    "晟晨晴晶智景暄暖曦月朋朗朝未本权杉杏来杰松林枝柏柔柯栋栩桂桃桐梁梅梓梦森楚楠榕欢欣歆正武毅民永汉江汐沁沅沐沙沛河泉泓波"
    "泽洁洋洛津洪洲浩海涛润涵淇淑淳清渊渝渺湘源溪滢漫漪潇澄澜灵灿炎炜炫烁烨焕然煜熙燕爱爽牧玉玥玫玮玲珂珊珍珏珠琛琦琪琰琳琴琼瑜"
    "瑞瑶瑾璇璐璟瓒生甜田甲申畅白皓盈盛真睿知石硕碧磊礼祎祖祥祺福禹秀秋程穆竹笑笛筠筱米精紫红纯纶绍维绮罗群翔翠翰耀聪胜自舒舟"
    "良艳艺艾芊芙芝芬芮花芳芷芸芹苏苑若英茂茉茗茜茵荣荷莉莎莲莹菁菊菲萌萍萱蓉蓓蓝蔓蕊蕾薇藤行裕言诗语诺谦贝贤贵赫超越跃轩辉辰"
    "德华军东世丽利霞帆帅丹柳泰延顺震素义善敬誉寿臣予珩屿澈禾苡桉朵晞曜恺滔樱柠橙瀚翀骞婵乔业传继政银杨雷"
    "国航达远迪逸道邦郁采金鑫钊钧钰铃铎铠铭锋锐锦长阳雁雄雅雨雪雯霄霆霏霖露青静韬韵韦音颖颜飏飞馨香驰骁骏高魁鸣鸿鹏鹤鹰麒麟龙"
    "伯仲叔季小晏妹姣瑛璋翊屹劲涓淼渤滨漾灏炳焱熠珺琬璨皎皖祁祯竣笙筝纬绪翎聿芃芯苒茹莫菡萧蔚薪蘅虹衡询谨豪贞轶辛迅迎逍遥遇郡"
)
_ALONE_GIVEN = (
    "伟俊倩健兵凯刚勇博君哲婉婕婧婷媛妍姗娜娟娇婵宇宏宸峰峻岚彤彬彦志怡悦慧敏斌斐旭昊昕晓晗晟晨晴晶杰栋桐楠欣毅泽洋浩涛涵淇淼滢"
    "潇炜烨焱燕玲珊琛琦琪琳琴瑜瑞瑶瑾璇璐睿硕磊秀红翔翰艳芳芬芸茜莉莎莹菁菲萌萍萱蓉蓓蕊蕾薇超轩辉辰逸钊钰铭锋锐锦雄雅雯霖静韬颖飞馨"
    "骏鹏鑫丽强军伦思雪霞芹亮妮娅明帅帆丹"
)
_GIVEN = f"[^\\x00-㏿ꀀ-\U0010ffff{_NEVER_IN_NAMES}]{{1,2}}"
NAME = f"(?:{_COMPOUND}|[{_CLEAR_SURNAMES}]){_GIVEN}"
NAME_OR_WORD = f"(?:{_COMPOUND}|[{_ALL_SURNAMES}]){_GIVEN}"
LIKELY_NAME = (
    f"(?:(?:{_COMPOUND})[{_OFTEN_GIVEN}]{{1,2}}|[{_CLEAR_SURNAMES}](?:[{_OFTEN_GIVEN}]{{2}}|[{_ALONE_GIVEN}]))"
)
PERSON = (
    "患儿|患者|病人|学生|幼儿|儿童|婴儿|女童|男童|男孩|女孩|被害人|受害人|死者|伤者|该生|小朋友|同学|其父亲?|其母亲?|父亲|母亲|"
    "监护人|家长|爷爷|奶奶|外公|外婆|儿子|女儿|孙子|孙女|哥哥|姐姐|弟弟|妹妹|[堂表][兄哥弟姐妹]|叔叔|伯父|舅舅|姑姑|姨妈|[继养][父母]|"
    "同桌|同班|同伴|室友|舍友|邻居|老师|班主任|新生儿|嫌疑人|被告人|加害人|施暴者|报案人|证人|司机"
)
NAME_LABEL = f"(?:姓名|名字|名叫|联系人|{PERSON})(?:[:：\\s是为系叫]|姓名){{1,3}}"
AFTER_NAME = f"(?:[^0-9A-Za-z{HAN}]|[0-9于在因从被与和系今为自男女的称说同遭乘骑之诉陪摔跌撞受]|$)"
BEFORE_ACTING = f"(?:^|[^{HAN}]|[被把与和跟同向对给让由及班级桌]|{PERSON})"
ACTING = (
    "(?:[于在因从被把将与和跟同为自的称说遭乘骑之诉陪摔跌坠撞受推打踢砸抓咬绊拉碰扔殴骂追拽掐捂勒捅砍扑压踩甩泼烫烧割划扎刺溺误吞跳扭猥强奸虐用拿"
    "持欺拍送带抱服喝昏死伤哭通体罚]|家长|妈妈|爸爸|[父母]亲|老师|同学)"
)
_ORDINAL = "[0-9一二三四五六七八九十]"
IN_CLASS = rf"[,，、(（\s]{{1,2}}[小初高]?(?:{_ORDINAL}年级|[大中托]?{_ORDINAL}{{0,2}}[(（]?{_ORDINAL}{{0,2}}[)）]?班)"
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
    "周[一二三四五六末围边期密折转游长]|高[空科声呼举歌唱大矮龄原山墙速温中小热烧一二三年度压兴级低等校尔跟架台血坠]|温[水热度和泉控室暖情饱]|石[块板阶头灰膏油榴墙碑梯料]|马[桶车上虎达蹄术蜂尾队场力]|"
    "江[水北津苏西边中心面南]|毛[巾毯衣笔线绒病刺孔]|汤[水汁锅匙碗勺圆粉]|雷[电雨击声暴管]|康[健宁乐]|游[乐戏园客行览荡动]|田[地野径埂间]|车[祸站辆]|农[场田民药]|商[业店场]|"
    "水[库池]|金[属沙毛鱼额钱枪]|龙头|方[向法]|祝[福贺愿]|沈静|钱[财币物款]|钟[点表摆楼]|任[何意由教务职课凭]|文[盲具身艺件化体物章字凭书]|蓝领|池塘|单位|常住|步行|来源|"
    "万[州盛]|梁平|武隆|丰都|云[阳南]|石柱|彭水|安徽|甘肃|宁夏|全名|曾[用经]|张[贴口望扬嘴]|陈[述旧列设]|黄[狗蜂昏疸色酒豆金瓜]|胡[同乱闹椒须说]|何[时处种以必况等]|林[区荫业中里]|罗[列汉威网]|许[多久]|余[下震热额]|杜绝|"
    "程[序度]|苏[醒打联州]|韩国|郑州|徐州|姜汤|陆[续地路]|范围|汪洋|夏[季令]|付[款出费]|段[落考]|陶[瓷艺器土醉笛]|贺[卡信]|顾[客虑及问]|万[能幸般分一亿]|戴[口着帽眼手头]|"
    "严[重峻厉肃格禁加惩密谨酷防守]|莫名|孔[洞雀隙]|赖[床皮]|施[救暴工压加行虐展用教]|洪[水涝]|颜[色面料]|章[鱼节程]|鲁莽|申[请诉报辩领明]|尤[其为]|毕[业竟]|焦[虑急炭点躁灼]|"
    "管[道教制理乐线辖束]|柴[火油]|柯基|庞大|骆驼|欧[洲式]|涂[抹改鸦]|桂[圆]|霍乱|艾[滋灸草]|苗[圃条族]|甘[愿蔗心]|费[用力劲心解]|耿直|关[节门闭心爱注系掉上押键照怀灯窗机]|"
    "辜负|舒[适服张畅心坦缓]|谷物|祖[父母国传]|辛[苦辣]|晋[升级]|鞠躬|庄[严稼]|符[合号]|凌[晨辱空乱]|蒲[公扇]|窦性|仇[恨视]|屈[服辱]|巩固|幸[福运好免亏]|柏[油树]|"
    "石子|(?:高[明强雅尚峻]|温婉|金[银秋]|文[静明]|万[达象]|马勇|武[力术器打装汉警士]|温[柔馨顺]|关于|夏[天日]|许可|钟情|孙子)$"
)
NAME_SHAPED = f"^{NAME_OR_WORD}$"
# In a cell that should hold something else a name needs no such word; what no name ends in are places.
_LONE_GIVEN = f"[^\\x00-㏿ꀀ-\U0010ffff{re.sub('[家月学先童儿路年和水人出复]', '', _NEVER_IN_NAMES)}市局办委]"
_LONE_NAME = re.compile(
    f"(?:{_COMPOUND}|[{_ALL_SURNAMES}]){_LONE_GIVEN}{{0,1}}(?![坪沱湾铺坝]){_LONE_GIVEN}|{DOTTED_NAME}"
    f"|(?:{_COMPOUND}|[{_CLEAR_SURNAMES}])[{_OFTEN_GIVEN}]{{2}}(?!.*[省市州县区镇乡村街道路]$).*",
    re.DOTALL,
)
_BESIDE_A_NAME = re.compile(r"[(\[【].*?[)\]】]|[\s0-9_.#*,:-]+")
MAY_BEGIN_NAME = (
    f"^[^{HAN}]*(?:[{_ALL_SURNAMES}]|{_COMPOUND}|[{HAN}]{{2,8}}[·•])|^\\s*[A-Z][A-Za-z]{{1,30}}[\\s·.-]+[A-Z][A-Za-z]"
)


def is_dotted_name(match: str) -> bool:
    """False for a list of persons (父亲·母亲)."""
    return not re.search(PERSON, match)


def is_name(match: str) -> bool:
    """False for everyday words that begin like a name (高空, 温水)."""
    return not _NOT_NAMES.match(match)


def is_lone_name(text: str) -> bool:
    """Whether a cell seems to hold a name and little else, or to begin with one; `text` as `normalised`."""
    if re.fullmatch(LATIN_NAME, text.strip()):
        return True
    bare = _BESIDE_A_NAME.sub("", text)
    return _LONE_NAME.fullmatch(bare) is not None and is_name(bare)


def is_title_of_a_person(text: str) -> bool:
    """Whether a file or a sheet is called like somebody: all its characters must be such as names often have."""
    bare = _BESIDE_A_NAME.sub("", text)
    return re.fullmatch(LIKELY_NAME, bare) is not None and is_name(bare)
