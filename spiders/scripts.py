"""Links that are scripts: in goes what a click does, and the page's source, out comes the address that it opens.

Two kinds are understood, without running anything: an address that stands there (`window.open('/a.html')`), and a call
of a function of the same page that puts one together: `page(2)` with `function page(n) { location = "list?p=" + n }`.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping

OPENED = re.compile(r"""(?:open|href|location|assign|replace)\s{0,3}[=(]\s{0,3}\(?\s{0,3}['"]([^'"\s]{1,500})['"]""")
CALL = re.compile(
    r"\s{0,3}(?:javascript\s{0,2}:)?\s{0,3}(?:return\s{1,3})?(?:this\.|window\.)?(\w{1,40})\(([^()]{0,300})\)"
)
ARGUMENT = re.compile(r"""\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*(?:,|$)""")
ADDRESS = re.compile(
    r"^(?:https?:/)?/[^'\"<>\s]+$|^[\w./-]+\.(?:s?html?|jsp|php|aspx?)(?:\?\S*)?$"
)  # an argument that is one
STRING = r"""'[^'\n<>]{0,300}'|"[^"\n<>]{0,300}\""""
PIECE = re.compile(rf"({STRING})|([A-Za-z_$][\w$]{{0,40}})")
SUM = re.compile(
    rf"(?:{STRING}|[A-Za-z_$][\w$]{{0,40}})(?:\s{{0,3}}\+\s{{0,3}}(?:{STRING}|[A-Za-z_$][\w$]{{0,40}})){{1,8}}"
)
TEMPLATE = re.compile(r"`([^`<>\s]{1,300})`")
HOLE = re.compile(r"\$\{\s{0,3}([A-Za-z_$][\w$]{0,40})\s{0,3}\}")
FUNCTION = re.compile(
    r"(?:\bfunction\s{1,9}([\w$]{1,40})|(?<![\w$])([\w$]{1,40})\s{0,9}[=:]\s{0,9}function)\s{0,9}\(([^()]{0,200})\)"
)
SET = re.compile(rf"(?<![\w$])([A-Za-z_$][\w$]{{0,40}})\s{{0,3}}=\s{{0,3}}({STRING})\s{{0,3}}[;,\n]")
MAXIMUM_NAMES = 5_000  # functions, or texts, of a page that are looked at
BODY = 2_000  # characters of a function that are read
NO_FUNCTION = frozenset({"void", "alert", "confirm", "setHomepage", "SetHome", "AddFavorite", "addFavorite", "print"})


def opened(script: str) -> str:
    """The address that stands in a script; empty when none does, or when it is only the beginning of one."""
    match = OPENED.search(script[:1000]) if "(" in script or "=" in script else None
    return match[1] if match and not script[match.end(1) + 1 :].lstrip().startswith("+") else ""


def called(script: str) -> tuple[str, tuple[str, ...]]:
    """The function that a click calls, with its arguments; an empty name when it calls none."""
    match = CALL.match(script[:1000])
    if match is None or match[1] in NO_FUNCTION:
        return "", ()
    arguments = tuple(one[1] or one[2] or one[3] or "" for one in ARGUMENT.finditer(match[2]))
    return match[1], arguments


def built(script: str, source: str) -> Iterator[str]:
    """The addresses that the function of this page which a click calls puts together; `source` is the page's."""
    name, arguments = called(script)
    if not name or not arguments:
        return
    yield from filter(ADDRESS.search, arguments)
    parameters, body = _functions(source).get(name, ((), ""))
    values = dict(zip(parameters, arguments, strict=False))
    for match in SUM.finditer(body):
        if text := _joined(match[0], values, source):
            yield text
    for match in TEMPLATE.finditer(body):
        holes = HOLE.findall(match[1])
        if holes and all(hole in values for hole in holes):
            yield HOLE.sub(lambda hole: values[hole[1]], match[1])


@functools.lru_cache(maxsize=2)
def _functions(source: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """The functions of a page by name, with their parameters and bodies: read once, whatever calls them."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for head in itertools.islice(FUNCTION.finditer(source), MAXIMUM_NAMES):
        body = source[head.end() : head.end() + BODY].partition("function ")[0]
        parameters = tuple(parameter.strip() for parameter in head[3].split(","))
        found.setdefault(head[1] or head[2], (parameters, body))
    return found


@functools.lru_cache(maxsize=2)
def _texts(source: str) -> dict[str, str]:
    """What the names of a page's scripts are set to, where that is a text."""
    found: dict[str, str] = {}
    for match in itertools.islice(SET.finditer(source), MAXIMUM_NAMES):
        found.setdefault(match[1], match[2][1:-1])
    return found


def _joined(expression: str, values: Mapping[str, str], source: str) -> str:
    """The value of 'a' + b + 'c', when every name is a parameter or set to a text in the page."""
    text, used = "", False
    for string, name in PIECE.findall(expression):
        if string:
            text += string[1:-1]
        elif name in values:
            text, used = text + values[name], True
        else:
            given = _texts(source).get(name)
            if given is None:
                return ""
            text += given
    return text if used and re.search(r"[/?.=]", text) else ""
