"""The documentation as tests see it: its pages, and the fenced blocks in them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from attrs import field, frozen

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# The generators are part of the documentation, not of any distribution.
sys.path.insert(0, str(DOCS))

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_CAPTION = re.compile(r"\A:caption: (\S+)\n")


@frozen(kw_only=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    #: name of the file that it is, if it says so
    caption: str | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@frozen(kw_only=True)
class Docs:
    """Every page: those written by hand, by path, and those that are generated."""

    written: Mapping[Path, str]
    generated: Mapping[str, str] = field(factory=dict)

    def page(self, name: str) -> str:
        """The text of a page by its path under ``docs``."""
        return self.written[DOCS / name]

    def blocks(self) -> Iterator[Block]:
        for path, text in self.written.items():
            for match in _FENCE.finditer(text):
                yield _block(path, text[: match.start()].count("\n") + 1, match["info"], match["text"])


def _block(page: Path, line: int, info: str, text: str) -> Block:
    language = info.removeprefix("{code-block}").strip()
    caption = _CAPTION.match(text)
    return Block(
        page=page,
        line=line,
        language=language,
        text=text[caption.end() :] if caption else text,
        caption=caption[1] if caption else None,
    )


@pytest.fixture(scope="session")
def docs() -> Docs:
    """The documentation of this checkout."""
    from generators import generated_pages

    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("plugins/*/README.md")]
    written = [page for page in pages if "generated" not in page.parts]
    return Docs(written={page: page.read_text(encoding="utf-8") for page in written}, generated=generated_pages())
