"""Write the pictures of the page of a report: ``python -m docs.write_pictures report.html``.

Without a page it is that of the flights as tests/reports/flights.py tells them. Chromium takes the picture; where none
is installed the picture stays as it is.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

from docs.browser import browsing, program
from headgate.words.report.page import page_of

FOLDER = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 1180, 1010
_ASSET_HEIGHT = 1900.0


def main() -> int:
    """Write the picture; return 0 also where there is no browser."""
    if not program():
        print("No Chromium here: the pictures of a report stay as they are.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        page = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "report.html"
        if len(sys.argv) < 2:
            page.write_text(page_of(import_module("tests.reports.flights").flights_report()), encoding="utf-8")
        with browsing(program()) as browser:
            browser.size(WIDTH, HEIGHT)
            browser.prefer("light")
            browser.open(page)
            (FOLDER / "report.png").write_bytes(browser.picture(0, 0, WIDTH, HEIGHT))
            browser.evaluate("document.querySelector('details.asset').open = false")
            left, top, width, height = browser.place("details.asset[open]")
            (FOLDER / "report-asset.png").write_bytes(browser.picture(left, top, width, min(height, _ASSET_HEIGHT)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
