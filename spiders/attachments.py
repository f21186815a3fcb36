"""The files that go with an article: in goes its page, out come the URLs of what it offers to download.

PDF, Word and the other office documents, packed ones too, by the name in the URL or in the link's words, and the
download scripts of content systems (`/system/_content/download.jsp?wbfileid=12`). Menus and footers do not count.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pipeline.decode import decode
from pipeline.records import Site
from spiders.rows import anchors, base_of, parse, too_costly

MAXIMUM_ATTACHMENTS = 30  # of one article
FILES = r"\.(?:pdf|docx?|wps|rtf|xlsx?|et|pptx?|dps|ofd|ceb|csv|zip|rar|7z)"
FILE = re.compile(rf"{FILES}$", re.IGNORECASE)
FILE_NAMED = re.compile(rf"{FILES}(?![a-z])", re.IGNORECASE)  # in the words of a link, in a query
SCRIPT = re.compile(r"down(?:load|file)?|attach|getfile|fileid|openfile|readfile", re.IGNORECASE)
PAGE = re.compile(r"(?:\.s?html?|/)$", re.IGNORECASE)
HINT = re.compile(rb"\.(?:pdf|doc|wps|rtf|xls|et|ppt|ofd|ceb|csv|zip|rar|7z)|down|attach|getfile|fileid", re.IGNORECASE)


def attachments_of(body: bytes, url: str, site: Site, *, content_type: str = "") -> tuple[str, ...]:
    """The files that an article's page offers, on the site's own hosts, in their order."""
    if HINT.search(body) is None or too_costly(body):
        return ()
    page = decode(body, content_type, site.charset)
    document = parse(page.text)
    if document is None:
        return ()
    found = anchors(document, page.text, base_of(document, url, page.encoding), site, page.encoding)
    offered = (anchor.url for anchor in found if anchor.own and not anchor.framed and is_file(anchor.url, anchor.text))
    return tuple(dict.fromkeys(offered))[:MAXIMUM_ATTACHMENTS]


def is_file(url: str, words: str = "") -> bool:
    """Whether a link leads to a file, by its address and its words."""
    parts = urlsplit(url)
    if FILE.search(parts.path):
        return True
    if PAGE.search(parts.path) and not parts.query:
        return False
    return bool(FILE_NAMED.search(parts.query) or FILE_NAMED.search(words) or SCRIPT.search(parts.path + parts.query))
