"""Builds the documentation into ``site/``: reference pages from the code first, then Sphinx. A warning is an error."""

from __future__ import annotations

import sys
from pathlib import Path

from generators import generated_pages
from sphinx.cmd.build import main as sphinx

HERE = Path(__file__).parent
GENERATED = HERE / "reference" / "generated"


def write_pages() -> None:
    """Write the generated pages; those that are as they should be keep their time, so that Sphinx passes over them."""
    GENERATED.mkdir(exist_ok=True)
    pages = generated_pages()
    for old in GENERATED.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        page = GENERATED / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def build(site: Path) -> int:
    """Build everything into ``site``; the answer is the exit code."""
    write_pages()
    strictly = ["--fail-on-warning", "--keep-going", "--quiet"]
    return sphinx([*strictly, "-b", "html", "-d", str(site / ".doctrees"), str(HERE), str(site)])


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "site"))
