"""Precision and recall of the quality flags, on pages of our own making and, with --real, false flags on real ones.

    python -m benchmarks.flags --real ../shared/eval

Synthetic: articles of our own writing (`benchmarks.material`), damaged by `demo.damage` in one known way each; the
clean ones include honest sentences that look like betting, spam or porn. The patterns were written by the same hand as
the pages, so the recall is an upper bound. The bodies of the labelled real pages carry none of hijacked and spam, so
every such flag on them counts as false.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.material import story
from benchmarks.report import machine, write
from demo.damage import (
    body_twice,
    farm_tail,
    inject_traced,
    near_repeat,
    porn_line,
    swap_brand,
    swap_roles,
    traditional,
)
from pipeline.quality import judge
from pipeline.records import Article, Site
from pipeline.repair import assess, repair
from pipeline.repeat import drop_repeats

BRANDS = [
    "6163am银河线路", "304am永利", "yl23455永利", "9728太阳集团", "威尼斯987", "0638太阳集团", "js89金沙",
    "万博体育下载", "三亿体育(中国)", "开云体育app", "葡京赌场", "8040威尼斯人", "88807皇冠", "bet365", "澳门银河官网",
    "亚博体育", "乐鱼体育app", "凯发k8", "尊龙凯时", "博鱼体育官网", "2024开云体育在线", "南宫ng", "天博体育下载",
    "2138太阳城集团", "hg0088皇冠", "华体会", "博天堂",
]  # fmt: skip
SOURCES = (
    "[db:来源]", "[!--befrom--]", "sp20241119", "{dede:field.source/}", "xz8812345",
    "{{ item.origin }}", "${news.from}", "[标签:出处]", "%source%", "#{origin}",
)  # fmt: skip
PREVIEWS = ("点击阅读全文", "未完待续……", "剩余80%内容，登录后可查看", "预览已结束，请下载全文", "展开剩余内容")
TAILS = (
    "预览阅读已结束，需要全文请联系老师微信 wenmi8899",
    "需要代写工作总结、述职报告的请加微信：gongwen1688",
    "本文仅为节选，代笔原创稿件请点击👉 daibi999 👈",
    "试读结束，查看全文请添加客服qq：123456789",
    "代写论文、包过，加老师微信 lunwen520",
    "代开正规增值税发票，先验后付，微信同号13700001234",
    "信用卡代还、黑户可办，客服QQ：55667788",
    "网站SEO排名优化，一周上百度首页，联系TG：@paiming1",
    "祖传秘方专治顽疾，无效退款，电话微信13612340000",
    "本站提供word版下载，如需定制工作总结，请加客服微信：wendang66",
)
HONEST = (
    "金沙医院与银河街道社区卫生服务中心签订了协议，永利路128号的新院区即将启用。",
    "皇明太阳能集团向医院捐赠了热水设备。",
    "银河证券向福利院捐款10万元。",
    "我院严禁代写、代发论文，欢迎举报学术不端行为。",
    "患者可添加医院官方微信公众号预约挂号。",
    "请关注我院官方微信，点击阅读全文可了解坐诊安排，我们随时恭候您的到来。",
    "警方提醒：6163am银河等网络赌博平台均属违法犯罪，切勿参与。",
    "法院审理的葡京赌场洗钱案中，医院职工受到警示教育。",
    "120急救中心接到求助后5分钟到达现场。",
    "亚洲视频脑电图学会在本市召开年会。",
    "国产精品药械推介会在医院举行。",
    "澳门鏡湖醫院代表团来访，美高梅员工参加了体检。",
    "医院总经理办公会原则同意与中医公司合作。",
    "兽医公司参加了人畜共患病培训。",
    "星际航天科普展走进儿科病房。",
    "云顶镇卫生院、太阳城社区、威尼斯花园小区的居民参加了义诊。",
    "皇冠假日酒店承办了学术年会。",
    "凯发制药有限公司捐赠了药品。",
    "咨询电话0539-2135678，或联系我们的导诊台。",
    "本站部分图片来自网络。",
    "2010银河杯护理技能竞赛落幕。",
    "代办医保异地备案手续更加便捷。",
    "志愿者来到开元寺旁的社区棋牌室，为打牌的老人量血压。",
    "江南体育学院的学生参观了我市康复中心。",
    "凤凰120急救站今日启用，群众呼救后8分钟内可到达。",
    "澳门博彩业从业人员健康调查的结果在会上公布。",
    "保卫科提醒职工，“无抵押贷款”“刷单返利”都是骗局，切勿转账。",
    "信息科拟对网站建设与SEO优化服务进行比选，联系人QQ：100200301。",
    "病案复印请到一楼病案室办理，电话13800001111，24小时热线0539-1234567。",
    "登录后查看检验结果，点击“阅读全文”可见医生的解读。",
    "民警走进校园，教学生抵制偷拍、拒绝黄色视频，预防网络侵害。",
    "半岛会员中心改建为体检大厅，入口设在南侧。",
    "扶贫干部教村民上网卖货，日子一天比一天红火……",
)

SIGNED = ("（宣传科 王海燕）", "\n通讯员：李志强", "\n2023年5月12日", "（撰稿：张静 审核：周明）")
NAMES = ("bodies", "hijacked", "spam", "annotated", "damaged", "truncated", "repeated")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bad", type=int, default=30, help="pages of each kind of defect")
    parser.add_argument("--clean", type=int, default=300)
    parser.add_argument("--real", type=Path, help="folder of the labelled pages (pages.jsonl.gz)")
    options = parser.parse_args()
    lines = [
        "# Flags",
        "",
        f"    python -m benchmarks.flags{' --real FOLDER' if options.real else ''}",
        "",
        machine(),
        "",
    ]
    lines += ["Synthetic: pages of our own making; the same hand wrote patterns and pages.", ""]
    lines += ["| flag | precision | recall |", "|---|---|---|", *synthetic(options.bad, options.clean)]
    if options.real:
        lines += ["", "Bodies of labelled real pages, of which none is known to be hijacked or spam:", ""]
        lines += [
            "| | flagged |",
            "|---|---|",
            *(f"| {name} | {count} |" for name, count in real(options.real).items()),
        ]
    write("flags", "\n".join(lines))


def synthetic(bad: int, clean: int) -> list[str]:
    """Precision and recall by flag over all pages."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    pages = [*bad_pages(bad), *clean_pages(clean)]
    for article, site, expected, page in pages:
        flags = {flag.name for flag in cleaned(article, site, page).flags}
        for name in flags | expected:
            outcome = "hit" if name in flags & expected else "false" if name in flags else "missed"
            counts[name][outcome] += 1
    total = sum(counts.values(), Counter[str]())
    lines = [f"| {len(pages) - clean} bad pages, {clean} clean ones | | |"]
    for name, count in [*sorted(counts.items()), ("all", total)]:
        hit, false, missed = count["hit"], count["false"], count["missed"]
        precision, recall = hit / max(1, hit + false), hit / max(1, hit + missed)
        lines.append(f"| {name} | {precision:.3f} ({false} false) | {recall:.3f} of {hit + missed} |")
    return lines


Page = tuple[Article, Site, set[str], str]


def bad_pages(count: int) -> Iterator[Page]:
    """Pages with one defect each: article, site, the flags it must have, the page's text."""
    for seed in range(count):
        chance = random.Random(seed)
        tale = story(seed)
        site, article = _page(seed)
        text, brand = tale.text, BRANDS[seed % len(BRANDS)]
        change = dataclasses.replace
        yield change(article, text=swap_brand(text, tale.hospital, brand), source=brand), site, {"hijacked"}, ""
        yield change(article, text=swap_brand(text, tale.hospital, brand)), site, {"hijacked"}, ""
        yield change(article, title=f"{brand}-{tale.title}"), site, {"hijacked"}, ""
        yield change(article, source=SOURCES[seed % len(SOURCES)]), site, {"hijacked"}, ""
        yield change(article, text=swap_roles(text + "患者来到医院住院治疗，医院院长看望。")), site, {"hijacked"}, ""
        yield change(article, text=porn_line(text)), site, {"hijacked"}, ""
        yield change(article, url=f"http://shop{seed}.example.com/a.html"), site, {"hijacked"}, ""
        yield change(article, text=farm_tail(text)), site, {"spam", "truncated"}, ""
        tail = TAILS[seed % len(TAILS)]
        preview = {"truncated"} if re.search("预览|试读|全文", tail) else set()
        yield change(article, text=f"{text}\n{tail}"), site, {"spam"} | preview, ""
        yield change(article, text=f"{text}\n{PREVIEWS[seed % len(PREVIEWS)]}"), site, {"truncated"}, ""
        stop = chance.randrange(len(text) // 2, len(text) - 20)
        yield change(article, text=text[:stop].rstrip("。！？”\n")), site, {"truncated"}, ""
        yield change(article, text=body_twice(text)), site, {"repeated"}, ""
        yield change(article, text=f"{text}\n{near_repeat(tale.paragraphs[1], seed=seed)}"), site, {"repeated"}, ""
        damaged, slips = inject_traced(text, density=0.6, seed=seed)
        yield change(article, text=damaged), site, {"annotated"} | ({"damaged"} if slips else set()), ""
        yield change(article, published_at=None), site, {"undated"}, ""
        yield change(article, text=f"{tale.hospital}举行义诊活动。"), site, {"short"}, ""


def clean_pages(count: int) -> Iterator[Page]:
    """Pages without a defect: honest sentences that look like one, a signature, genuine traditional pages."""
    for seed in range(1000, 1000 + count):
        site, article = _page(seed)
        kind = seed % 4
        if kind == 1:
            lines = article.text.split("\n")
            lines.insert(2, HONEST[seed // 4 % len(HONEST)])
            article = dataclasses.replace(article, text="\n".join(lines))
        elif kind == 2:
            article = dataclasses.replace(article, text=article.text + SIGNED[seed // 4 % len(SIGNED)])
        elif kind == 3:
            hant = traditional(article.text).replace("党", "院").replace("黨", "院")
            url = f"https://www.hospital{seed}.example.{('hk', 'tw', 'mo')[seed // 4 % 3]}/news/1"
            article = dataclasses.replace(article, text=hant, url=url)
            site = dataclasses.replace(site, start_urls=(url,))
        yield article, site, set(), ""


def _page(seed: int) -> tuple[Site, Article]:
    tale = story(seed)
    url = f"https://www.hospital{seed}.example.cn/news/1.html"
    site = Site(name=f"hospital{seed}", hospital=tale.hospital, start_urls=(url,))
    return site, Article(
        site=site.name, url=url, title=tale.title, text=tale.text, source=tale.hospital, published_at=tale.published
    )


def cleaned(article: Article, site: Site | None, page: str) -> Article:
    """The article as the cleaner would hand it to `judge`: repaired, without repeats."""
    damage = assess(article.text)
    repaired = repair(article.text, damage=damage)
    paragraphs, found = drop_repeats(repaired.text.split("\n"))
    cut = tuple(dataclasses.replace(evidence, rule=f"repeat:{evidence.rule}") for evidence in found)
    repairs = {"text": repaired} if damage.annotated else {}
    return judge(dataclasses.replace(article, text="\n".join(paragraphs), cut=cut, repairs=repairs), site, page)


def real(folder: Path) -> dict[str, str]:
    """How often the bodies of real pages are flagged."""
    counts: Counter[str] = Counter()
    with gzip.open(folder / "pages.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            truth = row["truth"]
            if truth["text"]:
                article = Article(
                    site="",
                    url=row["url"] or "http://unknown.example/",
                    title=truth["title"] or "",
                    text=truth["text"],
                    source=truth["source"] or "",
                    published_at=truth["date"] or None,
                )
                counts.update(["bodies", *(flag.name for flag in cleaned(article, None, "").flags)])
    return {name: str(counts[name]) for name in NAMES}


if __name__ == "__main__":
    main()
