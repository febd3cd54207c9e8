"""``python -m bench.demo [BASE]``; BASE defaults to http://localhost:8000 (or PORT)."""

from __future__ import annotations

import os
import sys
import time

from .client import Failed
from .story import Story


def main() -> int:
    """Play the story; 0 when every step came out, 1 at the first that did not."""
    base = sys.argv[1] if len(sys.argv) > 1 else f"http://localhost:{os.environ.get('PORT', '8000')}"
    began = time.monotonic()
    try:
        Story(base).run()
    except Failed as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        return 1
    print(f"The whole story took {time.monotonic() - began:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
