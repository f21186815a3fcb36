"""Hospital news with copies and siblings, of which all is known: in goes a seed, out come labelled documents.

They are grammatical nonsense: words of jieba's dictionary in sentence frames of ours, mixed with the stock phrases of
officialese. What is true about them is known because we made them so. No page of anybody is in here.

Copies: syndicated (other header and footer, captions, a paragraph dropped, the body pasted twice), traditional with
pinyin and lost characters (`demo.damage`), a gambling brand in place of the hospital's name, previews, updates (a
paragraph added, a number corrected, typos corrected; at the same address or another one of the same site).
Traps: families of one template (party report, bulletin, roster, recruitment, good news), 2 to 40 siblings each, a third
of them with the smallest difference (a name, a number and a date, two lines of a roster), two fifths under one and the
same title, some on one day.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.records import Article, Flag

ONE_DAY = (0, 0, 1, 7, 30, 91, 365)  # days between two of a series of which several may come out on one day

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
    "彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅鹏飞"
    "波斌宇浩凯晨欣怡佳慧雪琳婷建国志文海燕春晓东立新永成庆云德光"
)
_PLACES = [
    "清源", "青河", "永丰", "南岭", "北川", "东湖", "西塘", "安平", "昌宁", "宁远", "长岭", "白沙", "石桥", "龙泉",
    "云山", "临江", "广陵", "丰泽", "柳城", "江浦", "大兴", "新安", "太和", "明溪", "通河", "武陵", "阳谷", "平原",
    "松滋", "仙游", "罗田", "望江", "岳西", "河间", "高密", "怀远",
]  # fmt: skip
_TIERS = [
    "县人民医院", "市中心医院", "区中医医院", "市第一人民医院", "县妇幼保健院", "市第二人民医院", "市儿童医院",
    "县中医医院",
]  # fmt: skip
_DEPARTMENTS = [
    "心内科", "神经内科", "呼吸内科", "消化内科", "肾内科", "普外科", "骨科", "泌尿外科", "妇产科", "儿科", "急诊科",
    "重症医学科", "麻醉科", "检验科", "放射科", "超声科", "药学部", "护理部", "康复科", "中医科", "眼科", "口腔科",
    "皮肤科", "肿瘤科", "感染科", "血透室", "体检中心", "门诊部", "后勤保障部", "信息科",
]  # fmt: skip
_POSTS = ("院长", "副院长", "党委书记", "护士长", "科主任", "纪委书记", "工会主席")
_BRANDS = [
    "6163am银河", "304am永利", "澳门新葡京", "威尼斯987", "凯发k8", "亚博体育", "乐鱼体育", "必威betway",
    "9728太阳集团", "金沙娱乐场", "皇冠体育", "开云官网", "九游会j9", "米乐m6", "万博体育", "太阳城集团", "永利皇宫",
    "新葡京娱乐", "美高梅mgm", "华体会hth", "大发彩票", "星空体育", "爱游戏ayx", "亿博娱乐", "天博克罗地亚",
    "沙巴体育", "欧宝娱乐", "博鱼官方", "火狐体育", "腾博会",
]  # fmt: skip

# Sentence frames: {n} noun, {v} verb, {p} person, {d} department, {h} hospital, {x} post, {c} count, {t} day.
_FRAMES = """
{t}，{h}{d}组织开展了{n}{n}培训，{c}名医护人员参加了此次{v}活动。
{h}{x}{p}在会上强调，要围绕{n}与{n}，{v}{n}工作机制，切实{v}患者的{n}。
{d}主任{p}介绍，今年以来科室共完成{n}手术{c}例，{n}率较去年有所{v}。
为进一步{v}{n}管理，{h}于{t}召开了{n}推进会，专题{v}{n}问题。
患者{p}因{n}不适来到{d}就诊，经检查发现{n}异常，随即{v}治疗。
在{n}方面，{d}坚持以{n}为抓手，{v}了{n}和{n}两个难点。
{p}表示，下一步将把{n}同{n}结合起来，努力{v}更多{n}。
活动当天，现场共发放{n}资料{c}份，接受{n}咨询{c}人次。
{d}医护团队经过{c}个小时的{v}，成功为一名{n}患者解除了{n}。
会上，{p}围绕{n}作了题为{n}与{n}的讲座，并就{n}进行了{v}。
该项{n}技术的开展，填补了本地区在{n}领域的空白，{v}了{n}水平。
与会人员先后{v}了{n}展厅、{n}基地，并在{n}前合影留念。
{h}与{n}中心签订了{n}协议，双方将在{n}、{n}等方面{v}合作。
{t}上午，{n}检查组一行到{h}实地{v}{n}落实情况。
检查组通过查阅{n}、现场{v}、随机访谈等方式，对{n}逐项核实。
针对发现的{n}问题，{d}列出清单，明确{n}，限期{v}到位。
{p}从事{n}工作已有{c}年，先后获得{n}标兵、{n}能手等称号。
在一次{n}抢救中，{p}连续{v}了{c}个小时，直到患者{n}平稳。
{h}投入{c}万元购置了{n}设备，新增{n}床位{c}张。
比赛分为{n}问答和{n}操作两个环节，{c}支队伍同台{v}。
经过激烈{v}，{d}代表队获得{n}一等奖，{p}获得{n}个人奖。
志愿者们来到{n}社区，为{c}位老人测量{n}，{v}用药常识。
{d}还通过{n}公众号推送{n}科普{c}期，帮助群众{v}{n}。
近年来，{h}先后引进{n}人才{c}名，{v}了一批{n}项目。
据了解，{n}是一种常见的{n}疾病，早期{v}十分重要。
专家提醒，出现{n}症状时应及时{v}，避免{n}加重。
双方就{n}转诊、{n}会诊和{n}带教等事项进行了深入{v}。
{p}的家属将一面写有{n}的锦旗送到{d}，感谢{x}{p}的{v}。
此次{n}演练历时{c}分钟，检验了{n}预案，{v}了{n}能力。
随着{n}的投入使用，{h}的{n}服务半径扩大到周边{c}个乡镇。
""".strip().split("\n")

_STOCK = """
会议要求，全院上下要提高政治站位，强化责任担当，确保各项任务落到实处。
大家纷纷表示，要以此次活动为契机，立足岗位，为患者提供更加优质的服务。
活动受到了广大群众的一致好评。
医院始终坚持以病人为中心的服务理念，不断提升医疗服务质量。
与会人员认真听讲，现场气氛热烈，取得了良好的效果。
下一步，医院将继续加强学科建设，推动医院高质量发展。
通过此次培训，进一步提高了医护人员的业务水平和应急处置能力。
医院领导班子成员、各科室负责人参加了会议。
全体党员重温入党誓词，进一步坚定了理想信念。
要坚持问题导向，补短板、强弱项，推动各项工作再上新台阶。
此次活动进一步增强了团队的凝聚力和向心力。
医院党委高度重视，成立了工作领导小组，制定了实施方案。
要把学习成果转化为推动工作的实际行动。
为人民群众的生命安全和身体健康保驾护航。
会议由医院党委副书记主持。
各支部要结合实际，认真抓好贯彻落实。
活动的开展，拉近了医患之间的距离，赢得了群众的信任。
要严格落实各项规章制度，筑牢安全防线。
希望大家以先进典型为榜样，爱岗敬业，无私奉献。
现将有关事项通知如下，请遵照执行。
公示期间，如有异议，请以书面形式向医院纪检监察室反映。
联系电话见医院门诊大厅公告栏。
报名者须遵守国家法律法规，具有良好的职业道德。
本公告未尽事宜，由医院人事科负责解释。
请各科室认真组织，按时完成，并将结果报医务科备案。
医院将以此为新的起点，不忘初心、砥砺前行。
切实把全面从严管理的要求贯穿工作始终。
用实际行动诠释了医者仁心的深刻内涵。
让群众在家门口就能享受到优质的医疗资源。
要进一步改善就医感受，提升患者体验。
持续推进优质护理服务，夯实基础护理质量。
以高度的责任感和使命感做好本职工作。
""".strip().split("\n")


class Label(NamedTuple):
    """What is true of a document."""

    truth: int
    sort: str
    family: int


@dataclasses.dataclass(frozen=True, slots=True)
class Labelled:
    """A document with what is true of it: which article it is, what sort of copy, which family of siblings."""

    article: Article
    truth: int
    sort: str  # original, syndicated, traditional, branded, preview, update, sameurl
    family: int  # 0: none
    official: bool

    @property
    def label(self) -> Label:
        """What is true of it, without the text."""
        return Label(self.truth, self.sort, self.family)


class Generator:
    """Documents for a seed, in the order in which a crawler would meet them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.nouns, self.verbs = _words()
        self.count = itertools.count(1)
        self.families = itertools.count(1)
        self.urls = itertools.count(1)
        self.hospitals = [place + tier for place in _PLACES for tier in _TIERS]

    def documents(self, count: int) -> list[Labelled]:
        """About a third of them copies, half of the articles in families; later copies mostly after the first."""
        made: list[tuple[float, Labelled]] = []
        while len(made) < count:
            articles = self._family() if self.random.random() < 0.12 else [self._single()]
            for one in articles:
                at = self.random.random()
                made.append((at, one))
                if self.random.random() < (0.12 if one.family else 0.34):
                    for copy in self._copies(one):
                        early = copy.sort == "preview" and self.random.random() < 0.15
                        made.append((at - 0.01 if early else at + self.random.random() * (1.01 - at), copy))
        made.sort(key=lambda pair: pair[0])
        return [one for _, one in made[:count]]

    # articles

    def _single(self) -> Labelled:
        hospital = self._hospital()
        size = min(3000, max(200, int(self.random.lognormvariate(6.75, 0.55))))
        return self._labelled(self._title(hospital), self._body(hospital, size), hospital, self._day(), 0)

    def _family(self) -> list[Labelled]:
        kind = self.random.choice((self._party, self._bulletin, self._roster, self._recruit, self._award))
        count = min(40, 2 + int(self.random.expovariate(1 / 7)))
        return kind(count, next(self.families))

    def _labelled(self, title: str, paragraphs: list[str], hospital: str, day: datetime.date, family: int) -> Labelled:
        article = Article(
            site=f"s{self.hospitals.index(hospital)}",
            url=f"https://s{self.hospitals.index(hospital)}.example/{next(self.urls)}.html",
            title=title,
            text="\n".join(paragraphs),
            hospital=hospital,
            published_at=day.isoformat(),
        )
        return Labelled(article, next(self.count), "original", family, official=True)

    def _title(self, hospital: str) -> str:
        r = self.random
        return r.choice(
            (
                f"{hospital}召开{r.choice(self.nouns)}{r.choice(self.nouns)}工作会议",
                f"我院{r.choice(_DEPARTMENTS)}开展{r.choice(self.nouns)}{r.choice(self.verbs)}活动",
                f"{r.choice(self.verbs)}{r.choice(self.nouns)} {r.choice(self.verbs)}{r.choice(self.nouns)}",
                f"{hospital}成功开展{r.choice(self.nouns)}新技术",
            )
        )

    def _body(self, hospital: str, size: int) -> list[str]:
        paragraphs, length = [], 0
        while length < size:
            sentences = [
                self.random.choice(_STOCK) if self.random.random() < 0.3 else self._sentence(hospital)
                for _ in range(self.random.randint(1, 5))
            ]
            paragraphs.append("".join(sentences))
            length += len(paragraphs[-1])
        return paragraphs

    def _sentence(self, hospital: str) -> str:
        return self._fill(self.random.choice(_FRAMES), hospital)

    def _fill(self, frame: str, hospital: str) -> str:
        parts = frame.split("{")
        text = parts[0]
        for part in parts[1:]:
            slot, rest = part[0], part[2:]
            text += self._slot(slot, hospital) + rest
        return text

    def _slot(self, slot: str, hospital: str) -> str:
        r = self.random
        if slot == "n":
            return r.choice(self.nouns)
        if slot == "v":
            return r.choice(self.verbs)
        if slot == "p":
            return self._person()
        if slot == "d":
            return r.choice(_DEPARTMENTS)
        if slot == "h":
            return hospital if r.random() < 0.7 else "医院"
        if slot == "x":
            return r.choice(_POSTS)
        if slot == "c":
            return str(r.choice((r.randint(2, 30), r.randint(30, 900))))
        return _printed(self._day())

    def _person(self) -> str:
        r = self.random
        return r.choice(_SURNAMES) + "".join(r.choice(_GIVEN) for _ in range(r.choice((1, 2, 2))))

    def _hospital(self) -> str:
        return self.random.choice(self.hospitals)

    def _day(self) -> datetime.date:
        return datetime.date(2012, 1, 1) + datetime.timedelta(days=self.random.randrange(4700))

    # families: the same template, other facts

    def _series(
        self,
        count: int,
        family: int,
        title: Callable[[int], str],
        body: Callable[[int, datetime.date], list[str]],
        steps: tuple[int, ...] = (1, 7, 7, 30, 30, 91, 365),
    ) -> list[Labelled]:
        r, hospital = self.random, self._hospital()
        start, step = self._day(), r.choice(steps)
        same = title(0) if r.random() < 0.4 else ""
        made = []
        for number in range(count):
            day = start + datetime.timedelta(days=step * number)
            # of one day are lists of departments or persons only (see `steps`); counts come day by day at most
            made.append(
                self._labelled(
                    same or title(number),
                    [line.replace("＠", hospital) for line in body(number, day)],
                    hospital,
                    day,
                    family,
                )
            )
        return made

    def _party(self, count: int, family: int) -> list[Labelled]:
        """The same report of party branches: other branch, speaker, date and a few sentences of their own."""
        r = self.random
        template = [self._fill(r.choice((*_STOCK, *_FRAMES)), "＠") for _ in range(r.randint(8, 22))]
        minimal = r.random() < 0.2
        branches = r.sample(_DEPARTMENTS, len(_DEPARTMENTS)) * 2

        def body(number: int, day: datetime.date) -> list[str]:
            speaker = self._person()
            first = f"{_printed(day)}，＠{branches[number]}党支部召开组织生活会，支部书记{speaker}主持会议。"
            middle = [] if minimal else [self._sentence("＠") for _ in range(r.randint(1, 4))]
            last = f"支部书记{speaker}作总结讲话，{r.randint(5, 40)}名党员参加。"
            return [first, "".join(template[:6]), *middle, "".join(template[6:]), last]

        return self._series(count, family, lambda number: f"{branches[number]}党支部召开组织生活会", body, ONE_DAY)

    def _bulletin(self, count: int, family: int) -> list[Labelled]:
        """Weekly figures: dates and counts change, or only a date and two counts."""
        r = self.random
        template = [self._fill(r.choice((*_STOCK, *_STOCK, *_FRAMES)), "＠") for _ in range(r.randint(4, 14))]
        minimal = r.random() < 0.35
        nouns = r.sample(self.nouns, 8)
        fixed = [r.randint(10, 999) for _ in range(8)]

        def body(_number: int, day: datetime.date) -> list[str]:
            counts = [r.randint(10, 999) for _ in range(8)]
            if minimal:
                counts[2:] = fixed[2:]
            figures = "，".join(f"{noun}{value}人次" for noun, value in zip(nouns, counts, strict=True))
            return [
                f"截至{_printed(day)}，＠本期共统计：{figures}。",
                "".join(template),
                *([] if minimal else [f"其中{r.choice(nouns)}较上期增长{r.randint(1, 99)}.{r.randint(0, 9)}%。"]),
            ]

        noun = r.choice(self.nouns)
        return self._series(count, family, lambda number: f"{noun}情况通报（第{number + 1}期）", body)

    def _roster(self, count: int, family: int) -> list[Labelled]:
        """Clinics of the week: persons and departments by day; two to four lines change at least."""
        r = self.random
        minimal = r.random() < 0.35
        template = [self._fill(r.choice(_STOCK), "＠") for _ in range(r.randint(2, 6))]
        lines = [f"{r.choice(_DEPARTMENTS)}：{self._person()} {self._person()}" for _ in range(r.randint(8, 30))]

        def body(number: int, day: datetime.date) -> list[str]:
            mine = list(lines)
            changed = r.sample(range(len(lines)), r.randint(2, 4) if minimal else len(lines) * 2 // 3)
            for at in changed if number else ():
                mine[at] = f"{mine[at].split('：')[0]}：{self._person()} {self._person()}"
            head = "＠专家门诊安排如下。" if minimal else f"＠{_printed(day)}起一周专家门诊安排如下。"
            return [head, *mine, "".join(template)]

        return self._series(count, family, lambda number: f"专家门诊排班表（第{number + 1}周）", body)

    def _recruit(self, count: int, family: int) -> list[Labelled]:
        """Recruitment and tenders: one number and the dates change at least."""
        r = self.random
        minimal = r.random() < 0.35
        template = [self._fill(r.choice((*_STOCK, *_FRAMES)), "＠") for _ in range(r.randint(8, 20))]
        departments = r.sample(_DEPARTMENTS, 3)

        def body(_number: int, day: datetime.date) -> list[str]:
            until = day + datetime.timedelta(days=r.randint(5, 20))
            posts = departments if minimal else r.sample(_DEPARTMENTS, 3)
            wanted = (
                f"{posts[0]}医师{r.randint(1, 40)}名"
                if minimal
                else "、".join(f"{post}医师{r.randint(1, 9)}名" for post in posts)
            )
            return [
                f"因工作需要，＠现面向社会公开招聘{wanted}。",
                "".join(template),
                f"报名时间：{_printed(day)}至{_printed(until)}。",
            ]

        return self._series(count, family, lambda number: f"{2012 + number % 14}年第{number + 1}次招聘公告", body)

    def _award(self, count: int, family: int) -> list[Labelled]:
        """Good news: somebody was awarded something; only the name (and the date) changes at least."""
        r = self.random
        minimal = r.random() < 0.35
        template = [self._fill(r.choice((*_STOCK, *_FRAMES)), "＠") for _ in range(r.randint(4, 14))]
        prize, department = r.choice(self.nouns), r.choice(_DEPARTMENTS)

        def body(number: int, day: datetime.date) -> list[str]:
            person = self._person()
            place = department if minimal else r.choice(_DEPARTMENTS)
            when = "近日" if minimal and number % 2 else _printed(day)
            extra = [] if minimal else [self._sentence("＠"), self._sentence("＠")]
            first = f"{when}，从上级部门传来喜讯，＠{place}{person}荣获{prize}先进个人称号。"
            return [first, "".join(template[:3]), *extra, "".join(template[3:]), f"让我们向{person}同志学习！"]

        return self._series(count, family, lambda _: "喜讯！我院职工荣获先进个人称号", body, ONE_DAY)

    # copies

    def _copies(self, one: Labelled) -> Iterator[Labelled]:
        r = self.random
        for _ in range(1 + int(r.expovariate(1 / 1.1))):
            sort = r.choices(
                ("syndicated", "traditional", "branded", "preview", "update", "sameurl"), (38, 16, 10, 14, 8, 14)
            )[0]
            article = getattr(self, f"_{sort}")(one.article)
            yield Labelled(article, one.truth, sort, one.family, official=sort in ("update", "sameurl"))

    def _elsewhere(self, article: Article) -> dict[str, Any]:
        host = f"portal{self.random.randrange(60)}"
        day = datetime.date.fromisoformat(article.published_at or "2020-01-01")
        day += datetime.timedelta(days=min(self.random.randrange(12), self.random.randrange(12)))
        return {
            "site": host,
            "url": f"https://{host}.example/a/{next(self.urls)}",
            "published_at": day.isoformat() if self.random.random() < 0.8 else None,
        }

    def _syndicated(self, article: Article) -> Article:
        r = self.random
        paragraphs = article.text.split("\n")
        if len(paragraphs) > 4 and r.random() < 0.15:
            lengths = [len(paragraph) for paragraph in paragraphs]
            short = [at for at, length in enumerate(lengths) if length < 0.15 * sum(lengths)]
            if short:
                paragraphs.pop(r.choice(short[1:] or short))
        if r.random() < 0.3:
            at = r.randrange(1, len(paragraphs)) if len(paragraphs) > 1 else 0
            paragraphs.insert(at, f"图为{r.choice(self.nouns)}{r.choice(self.verbs)}现场。{self._person()} 摄")
        if r.random() < 0.04:
            paragraphs *= 2
        if r.random() < 0.5:
            paragraphs[0] = (
                r.choice(
                    (
                        f"本报讯（记者 {self._person()}）",
                        f"{r.choice(_PLACES)}日报讯（通讯员 {self._person()} {self._person()}）",
                        f"健康网{r.randint(1, 12)}月{r.randint(1, 28)}日电 ",
                    )
                )
                + paragraphs[0]
            )
        if r.random() < 0.4:
            day = self._day()
            paragraphs.insert(0, f"发布时间：{day} 来源：{r.choice(_PLACES)}新闻网 浏览次数：{r.randint(1, 9999)}")
        if r.random() < 0.5:
            paragraphs.append(
                r.choice(
                    (
                        f"（{self._person()}）",
                        f"责任编辑：{self._person()}",
                        f"来源：{r.choice(_PLACES)}日报",
                        f"供稿：{r.choice(_DEPARTMENTS)} {self._person()} 审核：{self._person()}",
                    )
                )
            )
        title = article.title
        if r.random() < 0.3:
            title = r.choice(
                (f"【健康】{title}", title.replace("我院", article.hospital), f"{title}_{r.choice(_PLACES)}网")
            )
        text = "\n".join(paragraphs)
        if r.random() < 0.15:
            text = text.replace("，", ",").replace("：", ":").replace("（", "(").replace("）", ")")
        return dataclasses.replace(article, title=title, text=text, **self._elsewhere(article))

    def _traditional(self, article: Article) -> Article:
        from demo.damage import inject

        r, seed = self.random, self.random.randrange(1 << 30)
        text = inject(article.text, density=r.choice((0.0, 0.4, 0.8, 1.0)), seed=seed)
        title = inject(article.title, density=0.5, seed=seed)
        flags = (Flag(name="annotated", evidence=()),)
        if r.random() < 0.5:
            text = "".join("??" if r.random() < 0.002 and not char.isdigit() else char for char in text)
        return dataclasses.replace(article, title=title, text=text, flags=flags, **self._elsewhere(article))

    def _branded(self, article: Article) -> Article:
        brand = self.random.choice(_BRANDS)
        names = (article.hospital, article.hospital[2:], "我院", "本院")
        text, title = article.text, article.title
        for name in names[: self.random.choice((1, 1, 2, 4))]:
            text, title = text.replace(name, brand), title.replace(name, brand)
        return dataclasses.replace(article, title=title, text=text, **self._elsewhere(article))

    def _preview(self, article: Article) -> Article:
        r, text = self.random, article.text
        size = r.randint(120, 260) if r.random() < 0.5 else int(len(text) * r.uniform(0.25, 0.75))
        start = 0 if r.random() < 0.85 else r.randrange(max(1, len(text) - size))
        cut = text[start : start + max(size, 120)] + r.choice(("……", "...", "", "……查看全文"))
        return dataclasses.replace(article, text=cut, **self._elsewhere(article))

    def _update(self, article: Article) -> Article:
        day = datetime.date.fromisoformat(article.published_at or "2020-01-01")
        day += datetime.timedelta(days=self.random.choice((0, 0, 0, 1, 1, 2, 3, 6)))
        url = f"https://{article.site}.example/{next(self.urls)}.html"
        return dataclasses.replace(article, text=self._edited(article.text), url=url, published_at=day.isoformat())

    def _sameurl(self, article: Article) -> Article:
        return dataclasses.replace(article, text=self._edited(article.text))

    def _edited(self, text: str) -> str:
        """A paragraph added, a number corrected, or typos corrected."""
        r, paragraphs = self.random, text.split("\n")
        way = r.choice(("paragraph", "number", "typos"))
        if way == "paragraph":
            paragraphs.insert(r.randrange(len(paragraphs) + 1), self._sentence("医院") + self._sentence("医院"))
            return "\n".join(paragraphs)
        digits = [at for at, char in enumerate(text) if char.isdigit()]
        if way == "number" and digits:
            at = r.choice(digits)
            return text[:at] + r.choice([char for char in "123456789" if char != text[at]]) + text[at + 1 :]
        letters = [at for at, char in enumerate(text) if "\u4e00" <= char <= "\u9fff"]
        chars = list(text)
        for at in r.sample(letters, min(len(letters), r.randint(1, 4))):
            chars[at] = r.choice("的地得在再做作象像即既型形份分")
        return "".join(chars)


def _printed(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day.day % 3 else f"{day.month}月{day.day}日"


def _words() -> tuple[list[str], list[str]]:
    """Common nouns and verbs of two characters from jieba's dictionary."""
    import jieba

    nouns, verbs = [], []
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines():
        word, frequency, tag = line.split(" ")
        if len(word) == 2 and int(frequency) >= 100:
            if tag == "n":
                nouns.append(word)
            elif tag == "v":
                verbs.append(word)
    return nouns, verbs


def world(seed: int, count: int, chunk: int = 0) -> Iterator[list[Labelled]]:
    """The documents of a seed, in chunks when asked for: then the work is the same all along.

    Without chunks a document late in the run has more copies and siblings before it than an early one, and costs more
    for that alone; with them it costs more only because the archive has grown.
    """
    generator = Generator(seed)
    for start in range(0, count, chunk or count):
        yield generator.documents(min(chunk or count, count - start))
