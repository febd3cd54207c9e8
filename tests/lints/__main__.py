"""``python -m tests.lints``: the bans, over the whole repository."""

from __future__ import annotations

import sys
from pathlib import Path

from .bans import check_repository

found = check_repository(Path(__file__).resolve().parent.parent.parent)
for finding in found:
    sys.stdout.write(f"{finding}\n")
sys.exit(1 if found else 0)
