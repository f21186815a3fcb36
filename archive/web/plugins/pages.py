"""The pages that Datasette serves beside its own: the search (`/`) and an article (`/article/ID`).

In come the query and the filters of the address, out goes HTML that runs without a script. Every answer forbids
scripts and foreign resources (Content-Security-Policy), whatever text the archive holds.
"""

from __future__ import annotations

import asyncio
import difflib
import itertools
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from datasette import hookimpl
from datasette.utils.asgi import Request, Response
from markupsafe import Markup, escape

from archive import Archive
from archive.rows import repair_of
from archive.search import Results
from pipeline.errors import QueryError
from pipeline.records import Repair

RESULTS_A_PAGE = 20
SHOWN_FACETS = ("year", "hospital", "section", "flag")
VALUES_OF_A_FACET = 8
Facets = dict[str, list[tuple[str, int]]]
FLAGS = ("annotated", "damaged", "repeated", "hijacked", "spam", "truncated", "undated", "short", "blocked")
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OWN_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """The addresses of our own pages; they come before Datasette's."""
    return [(r"/$", search_page), (r"/article/(?P<id>\d{1,15})$", article_page)]


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
    asked = {name: request.args.get(name) or "" for name in ("q", "flag", "no_flag", "since", "until", "sort", "after")}
    asked["expand"] = "1" if request.args.get("expand") else ""
    path = Path(datasette.get_database("archive").path)
    found, problem, counts, facets = await asyncio.to_thread(_search, path, asked)
    more = (
        urlencode({**{key: value for key, value in asked.items() if value}, "after": found.next})
        if found and found.next
        else ""
    )
    context = {
        "asked": asked,
        "found": found,
        "problem": problem,
        "counts": counts,
        "facets": [(name, _narrowed(asked, name, values)) for name, values in facets.items() if len(values) > 1],
        "flags": FLAGS,
        "more": more,
        "marked": marked,
    }
    return await _page(datasette, "yixun_search.html", context, status=400 if problem else 200)


def _search(path: Path, asked: dict[str, str]) -> tuple[Results | None, str, dict[str, int], Facets]:
    filters: dict[str, Any] = {
        "flags": tuple(filter(None, [asked["flag"]])),
        "without_flags": tuple(filter(None, [asked["no_flag"]])),
        "since": asked["since"] or None,
        "until": asked["until"] or None,
    }
    with Archive(path, readonly=True) as archive:
        counts = archive.counts()
        if not asked["q"].strip():
            return None, "", counts, {}
        try:
            found = archive.search(
                asked["q"],
                limit=RESULTS_A_PAGE,
                expand=bool(asked["expand"]),
                sort="date" if asked["sort"] == "date" else "relevance",
                cursor=asked["after"] or None,
                **filters,
            )
            facets = archive.facets(asked["q"], **filters)
        except QueryError as error:
            return None, str(error), counts, {}
        return found, "", counts, {name: facets[name] for name in SHOWN_FACETS}


def _narrowed(asked: dict[str, str], name: str, values: list[tuple[str, int]]) -> list[tuple[str, int, str]]:
    """The values of a facet with their counts and the address of the search narrowed to each."""
    keep = {key: value for key, value in asked.items() if value and key != "after"}
    return [
        (value, count, urlencode({**keep, "q": f"{asked['q']} {name}:{_quoted(value)}"}))
        for value, count in values[:VALUES_OF_A_FACET]
    ]


def _quoted(value: str) -> str:
    return value if value.isalnum() else f'"{value.replace(chr(34), "")}"'


async def article_page(request: Request, datasette: Any) -> Response:
    """An article: what it says, where it came from, and the evidence of what was found out about it."""
    path = Path(datasette.get_database("archive").path)
    number = int(request.url_vars["id"])
    article, others = await asyncio.to_thread(_article, path, number)
    if article is None:
        return await _page(datasette, "yixun_missing.html", {"id": number}, status=404)
    context = {
        "article": article,
        "others": others,
        "changes": [_changes(newer, older) for newer, older in itertools.pairwise(article["revisions"])],
        "repairs": {field: repaired(repair_of(repair)) for field, repair in article["repairs"].items()},
    }
    return await _page(datasette, "yixun_article.html", context)


def _article(path: Path, number: int) -> tuple[dict[str, Any] | None, dict[int, dict[str, Any]]]:
    with Archive(path, readonly=True) as archive:
        article = archive.article(number, details=True)
        related = {relation["id"] for relation in article["relations"]} if article else set()
        return article, {other: found for other in sorted(related) if (found := archive.article(other))}


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
