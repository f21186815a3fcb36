"""A relation in words, as an archivist reads it."""

from __future__ import annotations

from typing import Any

import pytest

from archive.kinship import kinship, with_member


def relation(kind: str, here: float, there: float, *differs: list[str], id: int = 3) -> dict[str, Any]:
    evidence = {"shared": [here, there]} | ({"differs": list(differs)} if differs else {})
    return {"kind": kind, "id": id, "evidence": evidence}


@pytest.mark.parametrize(
    ("kind", "shares", "what"),
    [
        ("copy", (0.98, 1.0), "copy of"),
        ("excerpt", (1.0, 0.2), "excerpt of"),
        ("excerpt", (0.2, 1.0), "longer than its excerpt"),
        ("revision", (0.99, 0.99), "other version of"),
        ("sibling", (0.9, 0.9), "sibling of"),
    ],
)
def test_what_one_is_to_the_other_depends_on_the_side(kind: str, shares: tuple[float, float], what: str) -> None:
    found = kinship(relation(kind, *shares))

    assert found.what == what
    assert found.shared == f"{shares[0]:.0%} of this, {shares[1]:.0%} of the other"


def test_differences_are_phrases_and_long_ones_are_cut() -> None:
    found = kinship(
        relation("sibling", 0.9, 0.9, ["number", "36", "41"], ["added", "讯" * 50, ""], ["file", "", "b.jpg"])
    )

    assert found.differs == ("number: 36 here, 41 there", f"only here: {'讯' * 30}…", "file: – here, b.jpg there")


def test_a_member_is_held_by_the_representative_or_else_by_the_closest() -> None:
    near, far, sibling = relation("copy", 0.9, 0.9, id=3), relation("copy", 0.7, 1, id=4), relation("sibling", 1, 1)
    article = {"id": 5, "representative": 4, "relations": [near, sibling, far]}

    assert with_member(article, [3, 4, 5]) is far
    assert with_member(article | {"representative": 6}, [3, 4, 5, 6]) is near
    assert with_member(article, [5, 6]) is None
