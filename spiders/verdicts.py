"""Tell answers that are not the site's own: in goes a response, out comes the reason, or an empty string.

A firewall's challenge is a page of script that wants a cookie: it is kept, called `blocked` and not answered. A domain
that changed hands shows another's start page: it is kept as evidence, and nothing of it becomes an article. Both are
put into the record of the capture, so that whoever reads the WARC knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.brands import BETTING_BRAND, BOOKMAKER, CODED_BRAND, GAMBLING
from pipeline.decode import decode
from pipeline.fold import fold
from pipeline.records import Site

LARGEST_CHALLENGE = 64 * 1024  # bytes; the scripts of the firewalls that were seen have 1 to 40 KB
MOST_WORDS = 80  # characters of text that a challenge shows, of three bytes each
READ = 256 * 1024  # bytes of a start page that are read for its names
LONGEST_TITLE = 400  # characters
FEWEST_WORDS = 3  # different gambling words, when they are not in the title
# What firewalls put in the place of a page, by the cookies and paths that their scripts name.
CHALLENGE = re.compile(
    rb"__jsl_clearance|acw_sc__v[23]|\$_ts\s{0,3}=|security_session_verify|yunsuo_session|WZWS_|__cf_chl|cf-chl"
    rb"|/_guard/|challenge-platform|aliyun_waf|HWWAFSES|safeline|eval\(function\(p,a,c,k"
    rb"|document\.cookie\s{0,3}=[^<]{0,2000}location",
    re.IGNORECASE,
)
SIGNS = (  # one of which stands in whatever the expression finds, in lower case
    b"__jsl_", b"acw_sc__", b"$_ts", b"security_session", b"yunsuo_", b"wzws_", b"cf_chl", b"cf-chl", b"/_guard/",
    b"challenge-platform", b"aliyun_waf", b"hwwafses", b"safeline", b"p,a,c,k", b"document.cookie",
)  # fmt: skip
UNSEEN = frozenset((b"script", b"style", b"noscript", b"title", b"!--"))
TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,400})", re.IGNORECASE)
META = re.compile(r"<meta\b[^>]{0,200}name\s*=\s*[\"']?(?:keywords|description)\b[^>]{0,600}>", re.IGNORECASE)
GAMBLING_WORDS = (CODED_BRAND, BOOKMAKER, BETTING_BRAND, GAMBLING)


def challenge(status: int, body: bytes) -> str:
    """Why a page is a firewall's challenge: the mark of the firewall in a page without words."""
    if not 200 <= status < 300 or len(body) > LARGEST_CHALLENGE or b"<" not in body[:1024]:
        return ""
    plain = body.lower()
    if not any(sign in plain for sign in SIGNS):  # nearly every page; the expression takes 30 times as long
        return ""
    mark = CHALLENGE.search(body)
    if mark is None or _words(body) > 3 * MOST_WORDS:
        return ""
    return f"blocked: a firewall's challenge ({mark[0][:40].decode('ascii', 'replace')})"


def changed_hands(body: bytes, site: Site, content_type: str = "") -> str:
    """Why a site's start page is somebody else's: its title bears no name of the hospital, and gambling is offered.

    Gambling words in the title or the description are enough; in the text they have to be several, and the hospital
    named nowhere: injected links stand on many a hospital's own page, and a section's title often lacks its name.
    """
    text = decode(body[:READ], content_type, site.charset).text
    title = " ".join((TITLE.search(text) or ("", ""))[1].split())[:LONGEST_TITLE]
    if _named(title, site):
        return ""
    head = " ".join([title, *(match[0] for match in META.finditer(text[: READ // 4]))])
    words = sorted(set(_gambling(fold(head))))
    if not words and not _named(text, site):
        found = sorted(set(_gambling(fold(text))))
        words = found if len(found) >= FEWEST_WORDS else []
    if not words:
        return ""
    return f"changed hands: the title is {title[:80] or '(none)'}, the page says {', '.join(words[:3])}"


def _words(body: bytes) -> int:
    """About how many bytes of text a page shows. One pass, whatever the page is made of."""
    seen, hidden = 0, b""
    for piece in body.split(b"<"):
        tag, _, text = piece.partition(b">")
        words = tag[:16].lower().split()
        name = (words[0] if words else b"").rstrip(b"/")
        if hidden:
            hidden = b"" if name == b"/" + hidden or (hidden == b"!--" and b"--" in piece) else hidden
        elif name in UNSEEN or name.startswith(b"!--"):
            hidden = b"" if b"-->" in piece else b"!--" if name.startswith(b"!--") else name
        if not hidden:
            seen += len(b"".join(text.split()))
    return seen


def _named(text: str, site: Site) -> bool:
    """Whether a text bears a name of the hospital, be it shortened: its place and the word hospital will do."""
    text = fold(text)
    names = [fold(name) for name in site.names if name.strip()]
    return not names or any(name in text or (name[:2] in text and name[-2:] in text) for name in names)


def _gambling(text: str) -> Iterator[str]:
    for pattern in GAMBLING_WORDS:
        for number, match in enumerate(pattern.finditer(text)):
            yield match[0][:20]
            if number > 5:
                break
