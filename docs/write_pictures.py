"""Write the pictures of the page of a report: ``python -m docs.write_pictures report.html``.

Without a page it is that of the tutorial's edit of the flights, which is made for it. Chromium takes the picture; where
none is installed the picture stays as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from docs.browser import browsing, program

FOLDER = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 1180, 1010
_ASSET_HEIGHT = 1900.0
_EDITED = "assets/staging/flights.sql"
_BEFORE, _AFTER = "  f.arr_delay,", "  case when f.arr_delay < 0 then 0 else f.arr_delay end as arr_delay,"


def main() -> int:
    """Write the picture; return 0 also where there is no browser."""
    if not program():
        print("No Chromium here: the pictures of a report stay as they are.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        page = Path(sys.argv[1]) if len(sys.argv) > 1 else _reported(Path(folder))
        with browsing(program()) as browser:
            browser.size(WIDTH, HEIGHT)
            browser.prefer("light")
            browser.open(page)
            (FOLDER / "report.png").write_bytes(browser.picture(0, 0, WIDTH, HEIGHT))
            browser.evaluate("document.querySelector('details.asset').open = false")
            left, top, width, height = browser.place("details.asset[open]")
            (FOLDER / "report-asset.png").write_bytes(browser.picture(left, top, width, min(height, _ASSET_HEIGHT)))
    return 0


def _reported(folder: Path) -> Path:
    """Release the example, edit it as the tutorial does, and return the page of what that changes."""
    shop = folder / "shop"
    _done(folder, "new", "shop", "--example", "flights")
    _done(shop, "apply", "dev", "--now", "2013-12-01", "--yes")
    _done(shop, "promote", "dev", "--yes")
    edited = shop / _EDITED
    edited.write_text(edited.read_text().replace(_BEFORE, _AFTER))
    _done(shop, "apply", "dev", "--now", "2013-12-01", "--yes")
    for name, value in (("name", "Ada"), ("email", "ada@localhost")):
        subprocess.run(["git", "config", f"user.{name}", value], cwd=shop, check=True)
    subprocess.run(["git", "commit", "-q", "-a", "-m", "Count an early arrival as no delay"], cwd=shop, check=True)
    _done(shop, "report", "dev")
    return shop / "report" / "report.html"


def _done(folder: Path, *arguments: str) -> None:
    told = {**os.environ, "HEADGATE_USER": "ada"}
    subprocess.run([sys.executable, "-m", "headgate", *arguments, "--quiet"], cwd=folder, env=told, check=True)


if __name__ == "__main__":
    sys.exit(main())
