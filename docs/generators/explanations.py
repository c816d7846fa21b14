"""Every error code with its explanation, from the catalogue that nnictl carries."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from generators.markdown import page
from nni_core.client.catalogue import Explanation, ListedCode, explanation, listed_codes


def explanations_page() -> str:
    """What ``nnictl explain`` says, code after code."""
    introduction = "`nnictl explain NNI305` shows the same in the terminal; [the catalogue](../errors.md) is shorter."
    areas = groupby(listed_codes(), key=lambda one: (one.code[:4], one.area))
    sections = [page(f"## {prefix}xx: {area}", *map(_section, codes)) for (prefix, area), codes in areas]
    return page("# Error codes explained", introduction, *sections)


def _section(listed: ListedCode) -> str:
    found = explanation(listed.code)
    return page(f"### {found.code}", found.meaning, *_parts(found))


def _parts(found: Explanation) -> Iterator[str]:
    if found.cause:
        yield f"**Cause.** {_escaped(found.cause)}"
    if found.fix:
        yield f"**Fix.** {_escaped(found.fix)}"
    for title, example in (("Wrong", found.wrong), ("Right", found.right)):
        if example:
            yield f"{title}:\n\n```text\n{example.rstrip()}\n```"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("_", r"\_").replace("*", r"\*").replace("$", r"\$").replace("<", r"\<")
