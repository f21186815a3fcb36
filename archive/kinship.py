"""How two articles relate, in words: in goes a relation as an export has it, out comes what a person reads.

The evidence of a relation holds `shared`, the parts of this and of the other text that both have, and `differs`, what
differs as [what, here, there] (`pipeline.changes.Difference`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

EXCERPTS = {True: "excerpt of", False: "longer than its excerpt"}
NAMES = {"copy": "copy of", "revision": "other version of", "sibling": "sibling of"}
LONGEST_SHOWN = 30  # characters of either side of a difference


class Kinship(NamedTuple):
    """`what` goes before the other article's number; `differs` has a phrase for each difference."""

    what: str
    shared: str
    differs: tuple[str, ...]


def kinship(relation: Mapping[str, Any]) -> Kinship:
    """A relation (`kind`, `evidence`) in words."""
    here, there = relation["evidence"]["shared"]
    kind = relation["kind"]
    what = EXCERPTS[here >= there] if kind == "excerpt" else NAMES[kind]
    differs = tuple(_phrase(*difference) for difference in relation["evidence"].get("differs", ()))
    return Kinship(what, f"{here:.0%} of this, {there:.0%} of the other", differs)


def _phrase(what: str, here: str, there: str) -> str:
    here, there = _short(here), _short(there)
    if what == "added":
        return f"only here: {here}"
    if what == "missing":
        return f"only there: {there}"
    return f"{what}: {here or '–'} here, {there or '–'} there"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def with_member(article: Mapping[str, Any], others: Sequence[int]) -> Mapping[str, Any] | None:
    """The relation that holds an article in its cluster: that with its representative, or the closest to a member."""
    held = [one for one in article["relations"] if one["id"] in others and one["kind"] != "sibling"]
    held.sort(key=lambda one: (one["id"] != article["representative"], -min(one["evidence"]["shared"])))
    return held[0] if held else None
