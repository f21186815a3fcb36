"""How much memory a crawl has: what this process holds now, for Scrapy's watch over it.

Scrapy asks for the most that the process ever had, in which Linux counts what its parent had when it started it.
"""

from __future__ import annotations

import os
from pathlib import Path

from scrapy.extensions import memusage

STATM = Path("/proc/self/statm")  # its second number: resident pages


class MemoryUsage(memusage.MemoryUsage):
    """Scrapy's extension, with the resident memory of now where the system tells it."""

    def get_virtual_size(self) -> int:
        """Bytes that this process holds in memory."""
        try:
            return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return super().get_virtual_size()
