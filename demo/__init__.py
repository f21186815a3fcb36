"""Five small hospital sites of our own writing, as broken as the real web, served on loopback, and a dead sixth.

In: the articles and site descriptions under `articles/` (data), the page templates under `templates/`. Out: web sites
that the spider crawls (`demo.server`), the TOML files that describe them, and `expected()`, what must come out of
every page.
"""

from __future__ import annotations

from demo.sites import Expected, expected

__all__ = ["Expected", "expected"]
