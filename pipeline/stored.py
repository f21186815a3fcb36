"""A page that a script fills in, in; the lines of the article that it carries in a string, a textarea or noscript, out.

Some pages print their article where no reader sees it and let a script put it in place: `var content = "<p>…<\\/p>"`,
`<textarea style="display:none">&lt;p&gt;…`, the state of a JavaScript framework. This is asked only for a page on which
nothing else has text.
"""

from __future__ import annotations

import html as entities
import json
import re

from pipeline.blocks import Page, TooCostlyError, parse

_LEAST_STORED = 30  # characters of the lines; less is a message of the script
_LONGEST_STORED = 500_000  # characters of markup
_MOST_STORED = 20  # strings of a page that are looked at, the longest first
_MOST_MARKUP = 1_000_000  # characters of them together
# an unclosed string ends with its line: the expression always succeeds, so that no place is tried twice
_STRING = re.compile(
    r'"([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)(?:"|\\?\n|\\?\Z)|' + r"'([^'\\\n]*+(?:\\.[^'\\\n]*+)*+)(?:'|\\?\n|\\?\Z)"
)
_MARKUP = re.compile(r"<(?:p|div|br|section|span|table)\b|&lt;(?:p|div|br|section|span|table)\b", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "r": " ", "t": " ", "b": "", "f": ""}
_STOP = re.compile("[。！？]")


def stored_lines(page: Page) -> list[str]:
    """The lines of the longest text with markup and sentences that the page carries unseen; empty when it has none."""
    best: list[str] = []
    left = _MOST_MARKUP
    for markup in sorted(_candidates(page), key=len, reverse=True)[:_MOST_STORED]:
        left -= len(markup)
        if left < 0:
            break
        lines = _lines(markup)
        if sum(map(len, lines)) > sum(map(len, best)):
            best = lines
    return best if sum(map(len, best)) >= _LEAST_STORED else []


def _candidates(page: Page) -> list[str]:
    found = []
    for element in page.root.iter("textarea", "noscript"):
        inside = element.text or ""
        if element.tag == "noscript":
            inside = "\n".join(text for text in element.itertext())
            inside = f"<p>{entities.escape(inside)}</p>".replace("\n", "<br>")
        elif not _MARKUP.search(inside) and len(_STOP.findall(inside)) >= 2:
            inside = f"<p>{entities.escape(inside)}</p>".replace("\n", "<br>")
        if _MARKUP.search(inside):
            found.append(entities.unescape(inside))
    for element in page.root.iter("script"):
        for match in _STRING.finditer(element.text or ""):
            literal = match[1] or match[2] or ""
            if len(literal) < _LEAST_STORED or len(literal) > _LONGEST_STORED:
                continue
            if _MARKUP.search(literal) or "\\u003c" in literal.lower():
                found.append(entities.unescape(_unescaped(literal)))
    return [markup for markup in found if len(markup) <= _LONGEST_STORED and _STOP.search(markup)]


def _unescaped(literal: str) -> str:
    """What a string of JavaScript or JSON says."""
    try:
        return str(json.loads(f'"{literal}"', strict=False))
    except ValueError:
        return _ESCAPE.sub(_character, literal)


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        character = chr(int(code, 16))
        return "" if "\ud800" <= character <= "\udfff" else character
    return _CONTROL.get(match[3], match[3])


def _lines(markup: str) -> list[str]:
    try:
        blocks = parse(markup).blocks
    except TooCostlyError:
        return []
    return [block.text for block in blocks if block.link_share < 0.5]
