"""`./yixun` ends up here."""

import os
import sys
from pathlib import Path

for name in ("stdout", "stderr"):  # closed by the caller: what is written goes nowhere
    if getattr(sys, name) is None:
        setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  open as long as we run
    getattr(sys, name).reconfigure(errors="backslashreplace")  # a terminal that cannot show Chinese

from cli.main import main  # noqa: E402  after the streams are there

if __name__ == "__main__":
    main()
