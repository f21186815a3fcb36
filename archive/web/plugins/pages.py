"""The pages that Datasette serves beside its own: the search (`/`), an article (`/article/ID`) and the Atom feed of a
saved search (`/feed/NAME.atom`); and for programs the search (`/search.json`) and how a query that is being typed may
go on (`/suggest.json`).

In come the query and the filters of the address, out goes HTML that runs without a script. Every answer forbids
scripts and foreign resources (Content-Security-Policy), whatever text the archive holds.
"""

from __future__ import annotations

import asyncio
import difflib
import functools
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

from datasette import hookimpl
from datasette.utils.asgi import Request, Response
from markupsafe import Markup, escape

from archive import Archive
from archive.facets import Facets
from archive.kinship import kinship
from archive.query import parse, pointed
from archive.rows import repair_of
from archive.search import Results
from archive.watch import Watch, feed_hits, load_watches
from pipeline.errors import QueryError
from pipeline.records import Hit, Repair

RESULTS_A_PAGE = 20
SHOWN_FACETS = ("year", "hospital", "region", "section", "source", "flag")
VALUES_OF_A_FACET = 8
MORE_LIKE_THIS = 6
MOST_KIN = 60  # copies and relatives of an article on its page
LONGEST_TYPED = 200  # characters of a query that is being typed
FLAGS = ("annotated", "damaged", "repeated", "hijacked", "spam", "truncated", "undated", "short", "blocked")
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HOST = re.compile(r"[A-Za-z0-9.\[\]:-]{1,255}")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OWN_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """The addresses of our own pages; they come before Datasette's."""
    return [
        (r"/$", search_page),
        (r"/search\.json$", search_json),
        (r"/suggest\.json$", suggest_json),
        (r"/article/(?P<id>\d{1,15})$", article_page),
        (r"/feed/(?P<name>[^/]{1,400})\.atom$", feed),
    ]


@hookimpl
def asgi_wrapper() -> Callable[[Any], Any]:
    """Add the policy to what Datasette itself answers; its own pages need their inline scripts."""

    def wrap(app: Any) -> Any:
        async def with_policy(scope: Any, receive: Any, send: Any) -> None:
            async def send_with_policy(message: Any) -> None:
                headers = message.get("headers", [])
                if message["type"] == "http.response.start" and not any(
                    name.lower() == b"content-security-policy" for name, _ in headers
                ):
                    policy = [(b"content-security-policy", POLICY.encode()), (b"x-content-type-options", b"nosniff")]
                    message = {**message, "headers": [*headers, *policy]}
                await send(message)

            await app(scope, receive, send_with_policy)

        return with_policy

    return wrap


async def search_page(request: Request, datasette: Any) -> Response:
    """The search: a form, and the results of what was asked."""
    asked = _asked(request)
    path = Path(datasette.get_database("archive").path)
    answer = await asyncio.to_thread(_search, path, asked, form=True)
    found = answer.found
    more = (
        urlencode({**{key: value for key, value in asked.items() if value}, "after": found.next})
        if found and found.next
        else ""
    )
    context = {
        "asked": asked,
        "found": found,
        "problem": answer.problem,
        "pointed": answer.pointed,
        "counts": answer.counts,
        "facets": [(name, _narrowed(asked, name, values)) for name, values in answer.facets.items() if len(values) > 1],
        "instead": [(query, urlencode({"q": query})) for query in answer.instead],
        "proposed": answer.proposed,
        "flags": FLAGS,
        "more": more,
        "marked": marked,
    }
    return await _page(datasette, "yixun_search.html", context, status=400 if answer.problem else 200)


class _Answer(NamedTuple):
    """What the search page shows."""

    counts: dict[str, int]
    proposed: Sequence[str]
    found: Results | None = None
    problem: str = ""
    pointed: str = ""
    position: int | None = None
    facets: Facets = {}  # noqa: RUF012  never written to
    instead: Sequence[str] = ()


@functools.lru_cache(maxsize=4)
def _proposed(path: Path, _: int) -> list[str]:
    """What the form proposes as one types: hospitals and frequent terms; the number is that of the newest article."""
    with Archive(path, readonly=True) as archive:
        return [*archive.hospitals(), *archive.frequent_terms()]


def _asked(request: Request) -> dict[str, str]:
    asked = {name: request.args.get(name) or "" for name in ("q", "flag", "no_flag", "since", "until", "sort", "after")}
    return {**asked, "expand": "1" if request.args.get("expand") else ""}


def _search(path: Path, asked: dict[str, str], *, form: bool) -> _Answer:
    with Archive(path, readonly=True) as archive:
        answer = _Answer(counts={}, proposed=())
        if form:
            answer = _Answer(counts=archive.counts(), proposed=_proposed(path, archive.newest_number()))
        if not asked["q"].strip():
            return answer
        try:
            parse(asked["q"])
        except QueryError as error:
            shown = pointed(asked["q"], error.position)
            return answer._replace(problem=str(error), pointed=shown, position=error.position)
        try:
            found, facets = archive.first_page(
                asked["q"],
                limit=RESULTS_A_PAGE,
                expand=bool(asked["expand"]),
                sort="date" if asked["sort"] == "date" else "relevance",
                cursor=asked["after"] or None,
                flags=tuple(filter(None, [asked["flag"]])),
                without_flags=tuple(filter(None, [asked["no_flag"]])),
                since=asked["since"] or None,
                until=asked["until"] or None,
            )
        except QueryError as error:
            return answer._replace(problem=str(error))
        return answer._replace(
            found=found,
            facets={name: facets[name] for name in SHOWN_FACETS},
            instead=[] if found.hits else archive.suggestions(asked["q"]),
        )


def _narrowed(asked: dict[str, str], name: str, values: list[tuple[str, int]]) -> list[tuple[str, int, str]]:
    """The values of a facet with their counts and the address of the search narrowed to each."""
    keep = {key: value for key, value in asked.items() if value and key != "after"}
    return [
        (value, count, urlencode({**keep, "q": f"{asked['q']} {name}:{_quoted(value)}"}))
        for value, count in values[:VALUES_OF_A_FACET]
    ]


def _quoted(value: str) -> str:
    return value if value.isalnum() else f'"{value.replace(chr(34), "")}"'


async def search_json(request: Request, datasette: Any) -> Response:
    """The search for programs: `total`, `hits`, `next` (for `after`), `facets`, `partial`, `suggestions`.

    A query that makes no sense is answered with 400, `error` and, where it is the query's own, `position`.
    """
    answer = await asyncio.to_thread(_search, Path(datasette.get_database("archive").path), _asked(request), form=False)
    if answer.found is None:
        problem = answer.problem or "name what to look for: /search.json?q=…"
        return _json({"error": problem, "position": answer.position}, status=400)
    found = answer.found.as_dict() | {"at_least": answer.found.at_least}
    return _json(found | {"facets": answer.facets, "suggestions": list(answer.instead)})


async def suggest_json(request: Request, datasette: Any) -> Response:
    """How a query that is being typed may go on, in the form of OpenSearch: what was typed, and the proposals."""
    typed = (request.args.get("q") or "")[:LONGEST_TYPED]
    path = Path(datasette.get_database("archive").path)
    return _json([typed, await asyncio.to_thread(_completions, path, typed)])


def _completions(path: Path, typed: str) -> list[str]:
    with Archive(path, readonly=True) as archive:
        return archive.completions(typed)


def _json(found: Any, status: int = 200) -> Response:
    headers = {"content-security-policy": OWN_POLICY, "x-content-type-options": "nosniff"}
    return Response(
        json.dumps(found, ensure_ascii=False),
        status=status,
        headers=headers,
        content_type="application/json; charset=utf-8",
    )


async def article_page(request: Request, datasette: Any) -> Response:
    """An article: what it says, where it came from, and the evidence of what was found out about it."""
    path = Path(datasette.get_database("archive").path)
    number = int(request.url_vars["id"])
    article, kin, alike = await asyncio.to_thread(_article, path, number)
    if article is None:
        return await _page(datasette, "yixun_missing.html", {"id": number}, status=404)
    context = {
        "article": article,
        "kin": kin,
        "alike": alike,
        "changes": [_changes(newer, older) for newer, older in itertools.pairwise(article["revisions"])],
        "repairs": {field: repaired(repair_of(repair)) for field, repair in article["repairs"].items()},
    }
    return await _page(datasette, "yixun_article.html", context)


def _article(path: Path, number: int) -> tuple[dict[str, Any] | None, list[dict[str, Any]], list[Hit]]:
    """An article, its copies and relatives, and what is like it."""
    with Archive(path, readonly=True) as archive:
        article = archive.article(number, details=True)
        if article is None:
            return None, [], []
        cluster = archive.cluster(number)
        copies = [member for member in cluster.members if member != number] if cluster else []
        relatives = [relation["id"] for relation in article["relations"] if relation["id"] not in copies]
        found = ((other, archive.article(other)) for other in [*copies, *relatives][:MOST_KIN])
        kin = [_kin(article, other, is_copy=number in copies) for number, other in found if other]
        kin.sort(key=lambda one: (not one["representative"], not one["copy"], one["id"]))
        return article, kin, archive.like(number, limit=MORE_LIKE_THIS)


def _kin(article: dict[str, Any], other: dict[str, Any], *, is_copy: bool) -> dict[str, Any]:
    """A copy or relative of an article and how the two relate; a copy of a copy has no words of its own."""
    relation = next((one for one in article["relations"] if one["id"] == other["id"]), None)
    words = kinship(relation)._asdict() if relation else {"what": "copy of a copy", "shared": "", "differs": ()}
    stands = is_copy and other["id"] == article["representative"]
    shown = {name: other[name] for name in ("id", "title", "hospital", "site", "published_at")}
    return shown | words | {"copy": is_copy, "representative": stands}


async def feed(request: Request, datasette: Any) -> Response:
    """The Atom feed (RFC 4287) of a saved search: what it finds, the latest that came into the archive first."""
    path = Path(datasette.get_database("archive").path)
    name = unquote(request.url_vars["name"])
    watch, hits = await asyncio.to_thread(_feed, path, name)
    if watch is None:
        return Response.text(f"there is no watch {name}; `./yixun watch list` has the names", status=404)
    host = request.headers.get("host", "127.0.0.1")
    base = f"{request.scheme}://{host if _HOST.fullmatch(host) else '127.0.0.1'}"
    context = {
        "watch": watch,
        "address": f"{base}/feed/{quote(name)}.atom",
        "search": f"{base}/?{urlencode({'q': watch.query})}",
        "base": base,
        "updated": max((captured for _, captured in hits), default="") or watch.ran_at or "1970-01-01T00:00:00Z",
        "hits": [
            (hit, captured, _xml(hit.title or "(no title)"), _xml(hit.snippet.replace("«", "").replace("»", "")))
            for hit, captured in hits
        ],
        "query": _xml(watch.query),
    }
    xml = await datasette.render_template("yixun_feed.xml", context)
    headers = {"content-security-policy": OWN_POLICY, "x-content-type-options": "nosniff"}
    return Response(xml, headers=headers, content_type="application/atom+xml; charset=utf-8")


def _feed(path: Path, name: str) -> tuple[Watch | None, list[tuple[Hit, str]]]:
    watch = load_watches(path.parent).get(name)
    if watch is None:
        return None, []
    with Archive(path, readonly=True) as archive:
        hits = feed_hits(archive, watch)
        found = ((hit, archive.article(hit.id)) for hit in hits)
        return watch, [(hit, (article or {}).get("captured_at") or "1970-01-01T00:00:00Z") for hit, article in found]


def _xml(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold, not even escaped."""
    return _NOT_IN_XML.sub("\ufffd", text)


async def _page(datasette: Any, template: str, context: dict[str, Any], status: int = 200) -> Response:
    html = await datasette.render_template(template, context)
    return Response.html(
        html, status=status, headers={"content-security-policy": OWN_POLICY, "x-content-type-options": "nosniff"}
    )


def marked(snippet: str) -> Markup:
    """A snippet as HTML: what stands between « and » is marked, everything is escaped."""
    head, *found = snippet.split("«")
    parts = [escape(head)]
    for piece in found:
        inside, closed, after = piece.partition("»")
        parts.append(Markup("<mark>{}</mark>{}").format(inside, after) if closed else escape("«" + piece))
    return Markup().join(parts)


def repaired(repair: Repair) -> Markup:
    """A repaired field as it was printed, with every annotation and slipped spot marked in place."""
    parts = []
    for kind, before, after in repair.pieces():
        parts.append(Markup('<del class="{}">{}</del>').format(kind, before) if kind else escape(before))
        if kind and after:
            parts.append(Markup('<ins class="{}" title="{}">{}</ins>').format(kind, kind, after))
    return Markup().join(parts)


def _changes(newer: dict[str, Any], older: dict[str, Any]) -> dict[str, Any]:
    before, after = older["text"].splitlines(), newer["text"].splitlines()
    lines: Iterable[str] = difflib.ndiff([older["title"], *before], [newer["title"], *after])
    return {
        "from": older["captured_at"],
        "to": newer["captured_at"],
        "lines": [(line[0], line[2:]) for line in lines if line[0] in "+-"],
    }
