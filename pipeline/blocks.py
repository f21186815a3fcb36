"""The characters of a page in, its blocks of text in document order out.

    parse(text) -> Page(root, blocks, nodes, images, attachments, …)

A block is a run of text between two block elements or `<br>`; a node is a block element with the range of blocks that
it holds. Everything later (choosing the body, reading metadata, cutting) works on these two lists, by index, so nothing
recurses and nothing costs more than the page is long.

Pages are hostile: tags with thousands of attributes are stripped of them, nesting beyond what libxml2 takes (it would
return nothing at all, silently) is flattened first, and a page of more than MAXIMUM_TAGS tags raises TooCostlyError.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Any

from lxml import etree

MAXIMUM_BYTES = 16 * 2**20  # of a page; a capture is not longer either
MAXIMUM_TEXT = 4_000_000  # characters, without the attributes of overlong tags
MAXIMUM_TAGS = 400_000  # "<" in a page; the longest real pages have 30,000
MAXIMUM_BLOCKS = 100_000  # lines of a page; the longest real pages have 5,000
MAXIMUM_ATTRIBUTES = 150_000  # "=" in a page; the longest real pages have 40,000
_FEW_ATTRIBUTES = 5_000  # not worth looking for the tag that has them all
_SHORT_PAGE = 1_000_000  # characters
LONGEST_TAG = 4_000  # characters; libxml2 compares each attribute of a tag with all others
SEPARATOR = "\x1f"  # stands in `Block.pieces` where an inline element begins or ends; decode() leaves no such character


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BLOCK_TAGS = _names(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure "
    "footer form "
    "frameset h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody td "
    "tfoot th "
    "thead tr ul"
)
_SILENT_TAGS = _names(
    "script style noscript template select option head textarea button svg math audio video object embed iframe map "
    "applet noframes datalist"
)

# Names (class, id) of what stands beside an article. Looked for as words of the name, so that `content-nav` is
# navigation and `navy` is not; the long ones also inside a word, because CMS names are glued (`newsshare`).
_NOISE_WORDS = re.compile(
    r"(?<![a-z])(?:comments?|cmt|reply|pinglun|related?|relevant|recommend(?:ed)?|tuijian|share|"
    r"bdshare(?:buttonbox)?|jiathis|"
    r"nav|navbar|menu|crumbs?|breadcrumbs?|foot|footer|ft|copyright|sidebar|sidenav|login|search|toolbar|pager|"
    r"pagination|pages?nav|"
    r"prev|next|prenext|shang|xia|ads?|advert|qrcode|erweima|ewm|toptool|hotnews|paihang|rank|xgyd|xgxw|xglj|tags?|"
    r"keywords?|"
    r"disclaimer|mianze|shengming|friendlink|yqlj|copy|editor_?in|edit-?info|popup|modal|dialog|tooltip|app-?download|"
    r"feedback|report|jubao|correct|subscribe|follow|digg\w*|newdigg)(?![a-z])|"
    r"comment|related|relate_|recommend|tuijian|pinglun|breadcrumb|footer|copyright|bdshare|jiathis|pagination|"
    r"xiangguan|"
    r"sidebar|friendlink|qrcode",
)
_COMMENTS = re.compile(r"comment|reply|pinglun|relat|recommend|tuijian|footer|copyright")
_NOISE_SHARE = 0.5  # of the page's prose: a node with more of it is no noise, whatever its name
_LEAST_HEADLINE = 6  # characters
_PROSE_OUTSIDE = 20  # characters of prose outside a node named after comments: with less, its text is the article
_NOT_NOISE = re.compile(r"content|article|detail|zoom|text|body|main|wrap|container|layout|page_?box")
_HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none")
_ATTACHMENT = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|wps|et|dps|ofd|rtf|zip|rar|7z|mp4|mp3|csv|txt|tif)(?:$|[?#&])|"
    r"(?:download|attach)[\w./]{0,40}\.(?:jsp|do|ashx|aspx|php|action)\b|/downloadattachurl|system/_content/download",
    re.IGNORECASE,
)
_RECORDING = re.compile(r"\.(?:mp4|mp3|m3u8|flv|mov|wmv|avi|webm|wav|m4a)(?:$|[?#&])", re.IGNORECASE)
_PLAYERS = frozenset({"video", "audio", "embed"})
_PAGE_ENDS = (".html", ".htm", ".shtml", "/", "#")  # nearly all links of a page, and no attachment
_LAZY_SOURCES = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-echo", "data-url", "data-actualsrc", "lazy-src",
    "original", "orisrc", "_src", "file", "zoomfile",
)  # fmt: skip
_PLACEHOLDER = re.compile(
    r"^data:|^about:|(?<![a-z])(?:loading|blank|spacer|placeholder|lazy\w{0,8}|gr[ae]y|pixel|empty|transparent|1x1|none|s|"
    r"default|nopic)\w{0,8}\.(?:gif|png|svg|jpe?g|webp)$",
    re.IGNORECASE,
)  # what `src` is of an image that is loaded when it is scrolled to
# what a script prints in its place: document.write("2021-04-13 09:05")
_WRITTEN = re.compile(r"""document\.write(?:ln)?\(\s{0,4}(?:"([^"<>\\]{1,80})"|'([^'<>\\]{1,80})')\s{0,4}\)""")
_LONGEST_WRITER = 400  # characters of a script that may print a word in its place
# markup that was escaped, so that readers see <p style="text-indent:2em">
_ESCAPED_TAG = re.compile(
    r"&lt;(/?(?:p|br|div|span|strong|b|em|font|section|img|table|tbody|tr|td|o:p)(?:\s(?:(?!&[lg]t;)[^<>]){0,600}?)?/?)&gt;",
    re.IGNORECASE,
)
_SHOWN_TAGS = 2  # of them in a page whose text is such
# a day and a time in a script or an attribute
_DATE_LITERAL = re.compile(r"""["']((?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?[T ]?[\d:.+Z]{0,20})["']""")
_DATED_TAGS = frozenset({"time", "span", "em", "abbr"})
_CENTURIES = frozenset({"19", "20"})
# entities that were escaped once more: &amp;ldquo;
_TWICE_ESCAPED = re.compile(
    r"&amp;(?=(?:nbsp|[lr][ds]quo|[mn]dash|hellip|middot|e[mn]sp|thinsp|deg|times|bull|yen|copy|#\d{2,6}|#x[0-9a-f]{2,5});)",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_NEWLINES = re.compile(r"\n[ \n]*")
_BROKEN_LINE = re.compile(r"(?<=[\u3001-\u9fff\uff01-\uffee]) ?\n(?=[\u3001-\u9fff\uff01-\uffee])")
# a page may end its <body> in the middle; every parser then drops the rest
_STRAY_END = re.compile(r"</(?:body|html)\s{0,20}>", re.IGNORECASE)
_TAG_START = re.compile(r"<[a-zA-Z][a-zA-Z0-9]{0,15}(?=[\s/])")
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,15})(?:\s[^<>]{0,4000})?>")
_EMPTY_TAGS = frozenset({"br", "img", "input"})
_SPECIAL_TAGS = _EMPTY_TAGS | {"a"}
_KEPT_WHEN_FLAT = _names("html head body title meta p br h1 h2 h3 td th tr img script style")
_SENTENCE = re.compile("[，。；！？,;!?]")


class TooCostlyError(Exception):
    """A page beyond what is read; the message says which measure it exceeds."""


class Block:
    """A run of text between two block elements.

    `text` is the line as shown; `pieces` the same with SEPARATOR where inline elements begin or end: pages print
    metadata as `<span>2022-08-22</span><span>党办</span>`.
    """

    __slots__ = ("cell", "hidden", "key", "linked", "links", "node", "noise", "pieces", "row", "stops", "tag", "text")

    def __init__(self, text: str, pieces: str, tag: str, node: int, linked: int, links: int) -> None:
        self.text = text
        self.key = text  # what rules are matched against: the text, on a traditional page its simplified form
        self.pieces = pieces
        self.tag = tag
        self.node = node
        self.linked = linked  # characters inside links
        self.links = links  # how many links begin in the block
        self.stops = len(_SENTENCE.findall(text))
        self.row = self.cell = 0  # table row and cell, counted over the page; 0 outside tables
        self.noise = self.hidden = False

    @property
    def link_share(self) -> float:
        """Share of the characters that are link text."""
        return self.linked / len(self.text)


class Node:
    """A block element: `start` and `end` are the range of its blocks."""

    __slots__ = ("element", "end", "hidden", "name", "noise", "parent", "start", "tag")

    def __init__(self, element: Any, tag: str, parent: int, name: str, start: int) -> None:
        self.element = element
        self.tag = tag
        self.parent = parent
        self.name = name  # class and id, lower case
        self.start = start
        self.end = start
        self.noise = self.hidden = False


@dataclasses.dataclass(slots=True)
class Picture:
    """An image or an attachment: what it links to, its words, and the number of blocks before it."""

    url: str
    title: str
    at: int
    node: int


@dataclasses.dataclass(slots=True)
class Page:
    """A parsed page."""

    root: Any
    title: str
    metas: dict[str, str]  # <meta> by lower-case name or property; the first of a name
    base: str
    refresh: str  # target of a meta refresh
    blocks: list[Block]
    nodes: list[Node]
    images: list[Picture]
    attachments: list[Picture]
    dates: list[Picture]  # days in attributes and scripts, where they stand
    frames: list[int]  # where other pages are embedded: a video
    passwords: int  # password fields
    flattened: bool


def parse(text: str) -> Page:
    """Read the characters of a page. Raises TooCostlyError for what no real page is."""
    tags = text.count("<")
    if tags > MAXIMUM_TAGS:
        raise TooCostlyError(f"{tags:,} tags")
    text = _without_long_tags(_STRAY_END.sub("", text))
    if "&amp;" in text:
        text = _TWICE_ESCAPED.sub("&", text)
    if text.count("&lt;/p&gt;") + text.count("&lt;br") >= _SHOWN_TAGS:
        text = _ESCAPED_TAG.sub(r"<\1>", text)
    if len(text) > MAXIMUM_TEXT:
        raise TooCostlyError(f"{len(text):,} characters")
    attributes = text.count("=")
    if attributes > MAXIMUM_ATTRIBUTES:
        raise TooCostlyError(f"{attributes:,} attributes")
    flattened = False
    root = _tree(text)
    if root is None:
        root, flattened = _tree(flatten(text)), True
    if root is None:
        root = etree.fromstring("<html><body></body></html>")
    return _Reader(root).read(flattened)


def _without_long_tags(text: str) -> str:
    """The page with overlong tags (thousands of attributes, an image as data:) cut to their names."""
    if text.count("=") < _FEW_ATTRIBUTES and len(text) < _SHORT_PAGE:
        return text
    pieces = text.split(">")
    for number, piece in enumerate(pieces):
        if len(piece) > LONGEST_TAG:
            start = _TAG_START.search(piece)
            if start and len(piece) - start.start() > LONGEST_TAG:
                pieces[number] = piece[: start.end()]
    return ">".join(pieces)


def flatten(text: str) -> str:
    """A page without its nesting: formatting tags go, block tags become `<p>`, which closes itself."""

    def flat(match: re.Match[str]) -> str:
        closing, tag = match[1], match[2].lower()
        if tag in _KEPT_WHEN_FLAT:
            return match[0]
        return "" if tag not in _BLOCK_TAGS else "<br>" if closing else "<p>"

    return _ANY_TAG.sub(flat, text)


def _tree(text: str) -> Any:
    """The page as a tree, or None when libxml2 gave up for its depth."""
    parser = etree.HTMLParser(
        huge_tree=True, encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, recover=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "ignore"), parser=parser)
    except etree.XMLSyntaxError:
        return None
    if any("depth" in entry.message.lower() for entry in parser.error_log.filter_from_level(etree.ErrorLevels.FATAL)):
        return None
    return root


class _Reader:
    """One walk over the tree."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.blocks: list[Block] = []
        self.nodes: list[Node] = []
        self.images: list[Picture] = []
        self.attachments: list[Picture] = []
        self.dates: list[Picture] = []
        self.frames: list[int] = []
        self.passwords = 0
        self._parts: list[str] = []
        self._stack: list[int] = []
        self._linked = self._links = self._in_link = 0
        self._row = self._cell = self._rows = self._cells = 0
        self._cell_stack: list[tuple[int, int]] = []
        self._preformatted = 0

    def read(self, flattened: bool) -> Page:
        title, metas, base, refresh = self._head()
        self._walk(self.root)
        _settle_noise(self.nodes, self.blocks, title if self.images or self.attachments else "")
        return Page(
            root=self.root,
            title=title,
            metas=metas,
            base=base,
            refresh=refresh,
            blocks=self.blocks,
            nodes=self.nodes,
            images=self.images,
            attachments=self.attachments,
            dates=self.dates,
            frames=self.frames,
            passwords=self.passwords,
            flattened=flattened,
        )

    def _head(self) -> tuple[str, dict[str, str], str, str]:
        metas: dict[str, str] = {}
        title = base = refresh = ""
        for element in self.root.iter("title", "meta", "base"):
            if element.tag == "title":
                title = title or " ".join("".join(element.itertext()).split())
            elif element.tag == "base":
                base = base or (element.get("href") or "").strip()
            else:
                name = (element.get("name") or element.get("property") or element.get("itemprop") or "").lower()
                content = element.get("content") or ""
                if name and content.strip():
                    metas.setdefault(name, " ".join(content.split()))
                elif (element.get("http-equiv") or "").lower() == "refresh":
                    refresh = refresh or content
        return title, metas, base, refresh

    def _walk(self, body: Any) -> None:
        """Every element of a page passes here twice, so what most of them need is done in place."""
        parts = self._parts
        events = etree.iterwalk(body, events=("start", "end"))
        for event, element in events:
            tag = element.tag
            if event == "start":
                if tag in _SILENT_TAGS:
                    if tag in _PLAYERS:
                        self._recording(element)
                    elif tag == "iframe" and element.get("src"):
                        self.frames.append(len(self.blocks))
                    elif tag == "script" and element.text and len(element.text) <= _LONGEST_WRITER:
                        self._script(element.text)
                    events.skip_subtree()
                    continue
                if tag in _BLOCK_TAGS:
                    if parts:
                        self._flush()
                    self._open_node(element, tag)
                elif tag in _SPECIAL_TAGS:
                    self._open(element, tag)
                else:
                    if tag in _DATED_TAGS:
                        date = element.get("datetime" if tag == "time" else "title")
                        if date and date[:2] in _CENTURIES:
                            self._dated(date.strip())
                    if parts:
                        parts.append(SEPARATOR)
                text = element.text
            else:
                if tag in _BLOCK_TAGS:
                    if parts:
                        self._flush()
                    self._close_node(tag)
                elif tag == "a":
                    self._in_link -= 1
                    parts.append(SEPARATOR)
                elif parts and tag not in _EMPTY_TAGS:
                    parts.append(SEPARATOR)
                text = element.tail
            if text and (parts or not text.isspace()):
                self._say(text)
        self._flush()

    def _open(self, element: Any, tag: str) -> None:
        if tag == "br":
            self._flush()
        elif tag == "img":
            self._image(element)
        elif tag == "input":
            if (element.get("type") or "").lower() == "password":
                self.passwords += 1
        else:
            self._in_link += 1
            self._links += 1
            self._parts.append(SEPARATOR)
            href = element.get("href") or ""
            if not href.endswith(_PAGE_ENDS) and _ATTACHMENT.search(href):
                words = " ".join("".join(element.itertext()).split()) or element.get("title") or ""
                self.attachments.append(Picture(href, words, len(self.blocks), self._here))

    @property
    def _here(self) -> int:
        return self._stack[-1] if self._stack else 0

    def _open_node(self, element: Any, tag: str) -> None:
        classes, identity = element.get("class"), element.get("id")
        name = f"{classes or ''} {identity or ''}".strip().lower()[:200] if classes or identity else ""
        parent = self._stack[-1] if self._stack else -1
        node = Node(element, tag, parent, name, len(self.blocks))
        if parent >= 0:
            node.hidden = self.nodes[parent].hidden
        if tag in {"nav", "footer", "aside"} or (name and _names_noise(name)):
            node.noise = True  # for the moment: see _settle_noise
        style = element.get("style")
        if style and _HIDDEN.search(style.lower()):
            node.hidden = True
        self._stack.append(len(self.nodes))
        self.nodes.append(node)
        if tag == "tr":
            self._cell_stack.append((self._row, self._cell))
            self._rows += 1
            self._row, self._cell = self._rows, 0
        elif tag in {"td", "th"}:
            self._cells += 1
            self._cell = self._cells
        elif tag == "pre":
            self._preformatted += 1

    def _close_node(self, tag: str) -> None:
        self.nodes[self._stack.pop()].end = len(self.blocks)
        if tag == "tr":
            self._row, self._cell = self._cell_stack.pop()
        elif tag == "pre":
            self._preformatted -= 1

    def _image(self, element: Any) -> None:
        source = (element.get("src") or "").strip()
        if not source or _PLACEHOLDER.search(source[:200].partition("?")[0]):
            source = next((value for name in _LAZY_SOURCES if (value := (element.get(name) or "").strip())), source)
        if source:
            words = element.get("title") or element.get("alt") or ""
            self.images.append(Picture(source, " ".join(words.split()), len(self.blocks), self._here))

    def _script(self, script: str) -> None:
        """What a script prints where it stands, or the day that it puts somewhere else."""
        written = False
        for literal in _WRITTEN.finditer(script):
            written = True
            self._say(literal[1] or literal[2])
            self._parts.append(SEPARATOR)
        date = None if written else _DATE_LITERAL.search(script)
        if date:
            self.dates.append(Picture(date[1], "", len(self.blocks), self._here))

    def _dated(self, value: str) -> None:
        """The day in an attribute: <time datetime="2022-05-21">5月21日</time>."""
        if _DATE_LITERAL.match(f"'{value}'"):
            self.dates.append(Picture(value, "", len(self.blocks), self._here))

    def _recording(self, element: Any) -> None:
        """A video or a recording is an attachment."""
        for source in (element, *element.iterchildren("source")):
            address = (source.get("src") or "").strip()
            if address and _RECORDING.search(address):
                words = " ".join((element.get("title") or "").split())
                self.attachments.append(Picture(address, words, len(self.blocks), self._here))

    def _say(self, text: str) -> None:
        if self._preformatted and "\n" in text:
            for line in text.split("\n"):
                self._parts.append(line)
                self._flush()
            return
        self._parts.append(text)
        if self._in_link:
            self._linked += len(text.strip())

    def _flush(self) -> None:
        if not self._parts:
            return
        joined = "".join(self._parts)
        self._parts.clear()
        linked, links = self._linked, self._links
        self._linked = self._links = 0
        if not joined or joined.isspace():
            return
        pieces = _collapsed(joined)
        text = shown(pieces)
        if not text:
            return
        node = self._here
        block = Block(text, pieces, self.nodes[node].tag if self.nodes else "body", node, min(linked, len(text)), links)
        block.row, block.cell = self._row, self._cell
        if len(self.blocks) >= MAXIMUM_BLOCKS:
            raise TooCostlyError(f"more than {MAXIMUM_BLOCKS:,} lines")
        if self.nodes:
            block.hidden = self.nodes[node].hidden
        self.blocks.append(block)


@functools.lru_cache(maxsize=4096)
def _names_noise(name: str) -> bool:
    """Whether a class or id names what stands beside an article; a site uses the same few names on all its pages."""
    return bool(_NOISE_WORDS.search(name)) and not _NOT_NOISE.search(name)


def _prose_length(block: Block) -> int:
    """The characters of a block that is a sentence or more and not mostly links, else 0."""
    length = len(block.text)
    return length if block.stops and length >= 20 and block.linked * 2 <= length else 0


def _settle_noise(nodes: list[Node], blocks: list[Block], title: str) -> None:
    """What a name calls noise is noise unless most of the page's prose stands in it; so is everything below it.

    A page that hides all its text until a script has run is not hidden. `title` is that of a page with pictures or
    files: where the headline is shown over them, they are the article.
    """
    lengths = [_prose_length(block) for block in blocks]
    shown_prose = sum(length for length, block in zip(lengths, blocks, strict=True) if not block.hidden)
    headed = any(len(block.text) >= _LEAST_HEADLINE and block.text in title and not block.hidden for block in blocks)
    if shown_prose < _PROSE_OUTSIDE and not headed:
        for block in blocks:
            block.hidden = False
        for node in nodes:
            node.hidden = False
    read = [0]
    for length, block in zip(lengths, blocks, strict=True):
        read.append(read[-1] + (0 if block.hidden else length))
    for node in nodes:
        if node.noise:
            inside = read[node.end] - read[node.start]
            if _COMMENTS.search(node.name):
                node.noise = not inside or read[-1] - inside >= _PROSE_OUTSIDE
            else:
                node.noise = inside < _NOISE_SHARE * (read[-1] or 1)
        if node.parent >= 0 and nodes[node.parent].noise:
            node.noise = True
    for block in blocks:
        block.noise = nodes[block.node].noise


def _collapsed(text: str) -> str:
    """White space as a browser shows it, and no blank where a line of Chinese was broken in the source."""
    if "  " in text or "\t" in text or "\r" in text:
        text = _BLANKS.sub(" ", text)
    if "\n" in text:
        text = _BROKEN_LINE.sub("", _NEWLINES.sub("\n", text)).replace("\n", " ")
    return text


_INVISIBLE = re.compile("[\u200b-\u200d\ufeff\xad]+")


def shown(pieces: str) -> str:
    """A line as a reader sees it: no marks of elements, no invisible characters, blanks once, none at the ends."""
    text = pieces.replace(SEPARATOR, "").replace("\xa0", " ").replace("\u2028", " ")
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    text = text.strip(" \u3000\t\n")
    return text if text.isprintable() else _INVISIBLE.sub("", text).strip(" \u3000")
