"""Make the site of the documents: ``python -m docs.make_site`` in the environment of requirements/docs.txt.

The pages keep the paths that they have in the repository, so that links between them work in both places. Left out is
what only tests read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / ".site" / "source"
PAGES = ("*.md", "docs/**/*.md", "bench/README.md", "crash/README.md", "fuzz/README.md")
FILES = ("docs/pictures/*", "docs/reference/*.json")
BEFORE = re.compile(r"^<!-- before\n.*?^-->\n\n?", re.MULTILINE | re.DOTALL)


def main() -> int:
    """Make the site in .site/html; return the exit status of MkDocs."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    for page in (found for pattern in PAGES for found in ROOT.glob(pattern)):
        target = SOURCE / page.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(BEFORE.sub("", page.read_text()))
    for file in (found for pattern in FILES for found in ROOT.glob(pattern)):
        target = SOURCE / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", str(ROOT / "docs" / "mkdocs.yml")]
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}  # docs/decisions/0004-docs-tool.md knows of it
    return subprocess.run(command, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
