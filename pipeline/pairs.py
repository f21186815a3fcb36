"""The blocks of a page in, its lines out: a label and the value in the block beside it are one line.

    line_at(page, index) -> (Line, how many blocks it is)

Pages set their metadata in tables, lists and rows of `<div>`: 作者： in one cell, the name in the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.blocks import Block, Page
from pipeline.labels import is_label
from pipeline.lines import Line, read_line

_LONGEST_VALUE = 60  # characters of a block that is the value of the label before it
_LONGEST_BESIDE = 30  # characters of such a block outside tables
_LABEL_TAGS = frozenset({"dt", "th"})
_VALUE_TAGS = frozenset({"dd", "td"})
_AROUND_LABEL = re.compile(r"[\s:：\[\]【】]+")


def line_at(page: Page, index: int) -> tuple[Line, int]:
    """The line of a block, and of how many blocks it is: that of a label alone goes on in the block beside it."""
    block = page.blocks[index]
    if index + 1 < len(page.blocks) and is_label(block.key):
        value = page.blocks[index + 1]
        if _holds_value(page, block, value):
            return read_line(_AROUND_LABEL.sub("", block.pieces) + "：" + value.pieces), 2
    return read_line(block.pieces), 1


def _holds_value(page: Page, label: Block, value: Block) -> bool:
    """Whether a block is the value of the label before it: its neighbour in a row, a `<dd>`, a short one beside it."""
    if len(value.text) > _LONGEST_VALUE or is_label(value.key):
        return False
    if label.tag in _LABEL_TAGS and value.tag in _VALUE_TAGS:
        return True
    colon = label.text[-1] in ":：】]"
    if label.row:
        return colon and value.row == label.row
    one, two = page.nodes[label.node], page.nodes[value.node]
    beside = label.node in {value.node, two.parent} or one.parent == two.parent
    return colon and beside and not value.stops and len(value.text) <= _LONGEST_BESIDE


def lines_at(page: Page, indexes: Iterable[int]) -> list[Line]:
    """The lines of blocks, each value with its label and not again by itself."""
    indexes = list(indexes)
    read = {index: line_at(page, index) for index in indexes}
    values = {index + 1 for index, (_, blocks) in read.items() if blocks > 1}
    return [read[index][0] for index in indexes if index not in values]
