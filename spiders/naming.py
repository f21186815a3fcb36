"""Name a new site: in go the pages of a first look, out come the hospital's name and the site's TOML.

The name stands in titles and in the footer, beside the ICP number; `propose_site` writes at most 12 lines.
"""

from __future__ import annotations

import collections
import itertools
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from pipeline.decode import decode
from spiders.rows import parse, too_costly, words

HOSPITAL = re.compile(
    r"[\u4e00-\u9fff\d（）()·]{2,24}?(?:[医醫]院|[卫衛]生院|保健院|[疗療][养養]院|(?:急救|血液?|精神[卫衛]生|[卫衛]生服[务務])中心|防治[院所]"
    r"|[卫衛]生[健计計][康生]委[員员][会會]|疾病[预預]防控制中心|[诊診]所|[门門][诊診]部)(?:第[一二三四五六七八九十]{1,2}[医醫][学學]中心)?(?:集[团團])?"
    r"(?:[（(][^（）()]{2,20}[)）])?"
)
ALIAS = re.compile(r"[（(]([^（）()]{4,20}(?:[医醫]院|保健院|中心|[卫衛]生院))[)）]$")
NO_NAME = re.compile(r"我们|我院|提供|合作|转自|来源|推荐|选择|哪家|的")  # words of a sentence
MOST_STARTS = 5  # start URLs of a proposed site
OWNER = re.compile(r"版[权權]|©|copyright|主[办辦]|ICP|[备備]\d", re.IGNORECASE)
NAME_BEFORE = re.compile(r"^.*(?:版[权權]所有|主[办辦][单單]位|[欢歡]迎[光您]?[临臨访訪]?|[关關]于|走[进進]|[：:\s©])")


def hospital_name(pages: Iterable[bytes], charset: str | None = None) -> str:
    """The name that a site's pages give the hospital: most often in titles and footers. Empty when none is found."""
    votes: collections.Counter[str] = collections.Counter()
    for body in pages:
        if too_costly(body):
            continue
        document = parse(decode(body, "", charset).text)
        if document is None:
            continue
        for name in HOSPITAL.findall(words(next(document.iter("title"), None), 200)):
            votes[_bare_name(name)] += 3
        for piece in _last_pieces(document):
            for name in HOSPITAL.findall(piece[:200]):
                votes[_bare_name(name)] += 2 if OWNER.search(piece) else name == piece.strip()
    votes.pop("", None)
    for short, long in itertools.permutations(list(votes), 2):
        if long.endswith(short) and votes[long] > 1:  # 市第三医院 in the title, 示范市第三医院 below
            votes[long] += votes[short]
    name = max(votes, key=lambda name: (votes[name], len(name)), default="")
    return name if votes[name] > 1 else ""  # named once in passing is no evidence


def without_alias(name: str) -> tuple[str, tuple[str, ...]]:
    """A name and its other ones: 示范市中心医院（示范市第一人民医院）."""
    match = ALIAS.search(name)
    return (name[: match.start()], (match[1],)) if match and match.start() >= 4 else (name, ())


def _bare_name(name: str) -> str:
    name = NAME_BEFORE.sub("", name).strip("· ")
    if name.count("（") + name.count("(") != name.count("）") + name.count(")"):
        name = re.split(r"[（(]", name.strip("（）()"))[0]
    return name if len(name) >= 4 and not NO_NAME.search(name) else ""


def _last_pieces(document: Any) -> list[str]:
    return list(collections.deque((p for p in document.itertext() if p and not p.isspace()), maxlen=40))


def site_name(url: str) -> str:
    """A name for a new site from its host: `www.mengyinyy.com` becomes `mengyinyy`, an address keeps its port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().removeprefix("www.")
    if re.fullmatch(r"[\d.]+|.*:.*", host):
        host = f"{host}-{parts.port}" if parts.port else host
    else:
        host = re.sub(r"\.(?:(?:com|net|org|gov|edu|ac)\.)?[a-z]{2,}$", "", host) or host
    return re.sub(r"[^a-z0-9]+", "-", host).strip("-") or "site"


def propose_site(
    url: str,
    hospital: str,
    start_urls: Sequence[str],
    *,
    hosts: Sequence[str] = (),
    javascript: bool = False,
    delay: float = 1.0,
) -> str:
    """The TOML of a new site, at most 12 lines. It is not yet checked: `sites.parse_site` does that."""
    hospital, aliases = without_alias(hospital)
    lines = [f"hospital = {_toml(hospital)}"]
    urls = list(dict.fromkeys(start_urls or [url]))[:MOST_STARTS]
    if len(urls) == 1:
        lines.append(f"start_urls = [{_toml(urls[0])}]")
    else:
        lines += ["start_urls = [", *(f"    {_toml(item)}," for item in urls), "]"]
    lists = {"aliases": aliases, "hosts": hosts}
    lines += [f"{key} = [{', '.join(map(_toml, values))}]" for key, values in lists.items() if values]
    if javascript:
        lines.append("javascript = true")
    if delay != 1.0:
        lines.append(f"delay = {delay:g}")
    return "\n".join(lines) + "\n"


def _toml(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
