"""Names that betting sites trade under, and words of porn sites, as patterns over folded text.

In: folded text (`pipeline.fold.fold`). Out: matches. Many of these names are places, firms and common words as well
(金沙医院, 银河街道, 太阳能集团, 爱游戏): such a name counts only with a code or a betting word beside it, and never
before a word that makes it honest.
"""

from __future__ import annotations

import re

# Names that others bear as well.
SHARED = (
    "银河|永利|金沙|葡京|威尼斯人?|太阳城|太阳集团|太阳国际|美高梅|皇冠|云顶|百乐门|百老汇|星际|利来|凯发|澳门|沙巴"
    "|新宝|新濠"
    "|大发|爱游戏|半岛|江南|天博|米乐|九游会?|开元|南宫|必赢|雷火|开云|乐鱼|万博|亚博|三亿|星空|米兰|欧宝|伟德|明升"
    "|完美"
    "|杏彩|火狐|博鱼|乐动|尊龙|环亚|优博|贝博|亿博|凤凰|必发|九州|金宝|球盟|酷游|一竞技|天辰|彩神"
)
# What betting sites put behind their name, and nobody else behind such a name.
_BETTING = (
    "线路|娱乐城|娱乐场|网址|登[录陆]|注册|棋牌|电玩|电竞|真人|投注|开户|备用|博彩|总站|会员|网页版|手机版|彩票|入口"
    "|大厅|国际厅|首存"
)
# What honest firms have as well: a name with a code, or a line that only names the publisher, needs no more.
_OFFERED = "官网|官方|平台|app|下载|在线|体育|娱乐|国际|集团|电子|游戏|有限公司"
# 金沙医院, 银河街道, 永利路: what makes the name a place or an honest firm.
_HONEST = (
    "医院|医药|街道|路|街|镇|乡|村|社区|小区|大厦|大桥|广场|中学|小学|区|县|湖|江|河|山|证券|基金|系|计划|奖"
    "|酒店|花园|学院|遗址|大学|公司(?!\\))|局|馆|中心|课|场馆|公园|运动|活动|用品|发展"
)
_SPORT = "(?:\\((?:中国|[a-z]{2,4})\\)|app|官网|官方|下载|平台|在线|登[录陆]|入口|手机|网页|注册|娱乐|投注)"
BOOKMAKER = re.compile(
    f"(?:{SHARED}|华体会|bet\\d*)(?:[a-z]{{2,5}})?体育(?:{_SPORT})"
    "|(?:万博|亚博|三亿|开云|乐鱼|必威|欧宝|天博|爱游戏|博鱼|尊龙|九游)体育(?!学院|局|馆|中心|课|公园|运动|活动|用品)"
    "|华体会|博天堂|千亿国际|雷火电竞|金宝[博搏]|新葡京|葡京赌场|太阳城申博|尊龙凯时|凯发k8|球盟会|九游会(?:j9|官|登"
    "|体育|app|老哥)|必威(?:西汉姆|betway|体育|官)"
    "|(?<![a-z])(?:bet ?(?:356|365|188)|188bet|betway|bwin|manbetx|suncitygroup|kaiyun|leyu(?:sports)?|hth体育|ky开元"
    "|yabo)"
    "|(?<![a-z])ag(?:真人|捕鱼|旗舰|国际厅)|(?<![a-z])pg(?:电子|娱乐)(?:模拟器|游戏|平台|试玩|官|app)?|开元棋牌(?!室"
    "|活动|比赛|协会)"
    "|澳门(?:新葡京|金沙|银河|永利|百老汇|威尼斯人|美高梅|皇冠)(?:官网|网址|app|线上|平台|娱乐|\\d{3,5})"
)
_CODE = (
    r"(?:(?<![a-z0-9.-])(?!(?:19|20)\d\d(?![\da-z]))\d{3,8}[a-z]{0,4}"
    r"|(?<![a-z0-9.])(?:19|20)\d\d[a-z]{2,4}|(?<![a-z0-9.])[a-z]{1,4}\d{2,8})"
)
# 凤凰120急救站, 江南2023年: a call number or a count is no code.
_CALL = "(?!(?:1[12][0-9]|12[0-9]{3}|96[0-9]{3,4})(?![0-9]))"
_NO_COUNT = "(?![a-z0-9.%]|年|月|日|人|名|号|元|万|亿|台|张|平方|米|例|个|余|多|-\\d)"
CODED_BRAND = re.compile(
    rf"{_CODE} ?(?:官方)?(?:{SHARED})(?!{_HONEST})(?:集团|国际)?(?:{_BETTING}|{_OFFERED})?(?!{_HONEST})"
    rf"|(?:{SHARED})(?:娱乐|集团|国际|线路)?(?:网址)?{_CALL}(?:\d{{3,8}}[a-z]{{0,4}}|[a-z]{{1,3}}\d{{1,2}}){_NO_COUNT}"
)
# A name in Latin letters glued to the Chinese one: 半岛bob, 爱游戏ayx, ng南宫.
_DEVICES = "(?!app|ct|mr|icu|dsa|dna|pet|bmi)"
LETTERED_BRAND = re.compile(
    rf"(?:{SHARED})(?:体育)?(?:\([a-z]{{2,5}}\)|{_DEVICES}[a-z]{{2,5}}(?![a-z0-9 ]))"
    rf"|(?<![a-z0-9]){_DEVICES}[a-z]{{2,4}}(?:{SHARED})(?!{_HONEST})"
)
_PLACES = (
    "澳门",
    "江南",
    "九州",
    "半岛",
    "米兰",
    "凤凰",
    "开元",
    "南宫",
    "星空",
    "完美",
    "三亿",
)  # 澳门博彩业, 半岛会员
_NO_PLACE = "|".join(name for name in SHARED.split("|") if name not in _PLACES)
BETTING_BRAND = re.compile(rf"(?:{_NO_PLACE})(?:集团|国际)?(?:官网|官方|平台)?(?:{_BETTING})(?!室|{_HONEST})")
# Where only a name stands (source, author, the end of the page's own title), less is needed.
NAMED_BRAND = re.compile(rf"(?:{SHARED})(?:{_BETTING}|官网|app|下载|平台|体育|娱乐)(?!{_HONEST})")
# One of these stands in every match of the five above.
ANY_BRAND = re.compile(rf"{SHARED}|体育|华体会|博天堂|千亿|雷火|金宝|bet|bwin|suncity|kaiyun|leyu|yabo|ag|pg|hth")
GAMBLING = re.compile(
    "百家乐|六合彩|时时彩|老虎机|赌场|博彩公司|电子游艺|彩票(?:平台|welcome|大厅|app|官网|登[录陆]|注册|下载|网址)"
    "|pk10|北京赛车|幸运飞艇|分分彩|龙虎斗|炸金花|(?:送|元)彩金|首存送"
)
# The police, the courts and whoever warns write about the same brands.
REPORTED = re.compile("赌博|禁赌|涉赌|诈骗|警方|公安|法院|反诈|违法犯罪|民警|骗局")

_NATIONS = "国产|亚洲|欧美|日韩|日本|欧洲"
PORN = re.compile(
    f"(?:{_NATIONS}|久久)(?:精品|一区|二区|三区|无码|成人|久久|在线|性|av|黄|{_NATIONS})|[一二三]区[二三四]区|久久久"
    f"|无码|人妻|毛片|黄片|偷拍"
    "|成人(?:视频|电影|网站|在线|片|av)|自拍视频|三级片|伦理片|(?:黄色|色情|情色)(?:网站|大片|视频|电影|片)|av在线"
    "|精品视频|(?:免费)?视频(?:免费)?在线(?:观看|播放)|免费(?:看|观看)[^,。]{0,4}(?:黄|大片)|高清无|激情视频|福利姬"
    "|大香蕉|草榴|(?:成人|大片)在线(?:播放|观看)"
)
FEWEST_PORN_WORDS = 3  # different ones in one line
