"""``make messages``: compiles every catalogue in ``locale/`` without gettext's own tools."""

import sys
from pathlib import Path

import polib

if __name__ == "__main__":
    for path in sorted((Path(__file__).resolve().parents[1] / "locale").glob("*/LC_MESSAGES/*.po")):
        catalogue = polib.pofile(str(path))
        catalogue.save_as_mofile(str(path.with_suffix(".mo")))
        sys.stdout.write(f"{path.parts[-3]}: {catalogue.percent_translated()} % of {len(catalogue)} texts\n")
