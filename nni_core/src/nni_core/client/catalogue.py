"""The catalogue of error codes: what ``nnictl explain`` and the documentation say about each.

``catalogue/errors.md`` has one line for every code; the YAML files beside it explain those that need more words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from attrs import frozen

from nni_core.errors import NotFoundError, Problem, nearest

_SECTION = re.compile(r"^## NNI\dxx: (.+)$")
_ROW = re.compile(r"^\| (NNI\d{3}) \|(?: [\d, ]+ \|)? (.+) \|$")
_CODE = re.compile(r"(?:NNI)?[ -]?(\d{3})", re.IGNORECASE)


@frozen(kw_only=True)
class ListedCode:
    """One line of the catalogue."""

    code: str
    #: what the codes of its class are about
    area: str
    #: a sentence
    meaning: str


@frozen(kw_only=True)
class Explanation:
    """What there is to say about a code. Parts that are not known are empty."""

    code: str
    area: str
    meaning: str
    #: how one typically comes to it
    cause: str = ""
    fix: str = ""
    #: what is refused or warned of, and what to write instead
    wrong: str = ""
    right: str = ""
    #: place in the documentation
    page: str


@cache
def listed_codes() -> Sequence[ListedCode]:
    """Every code with its meaning, in order."""
    text = (files("nni_core") / "catalogue" / "errors.md").read_text("utf-8")
    return sorted(_rows(text), key=lambda one: one.code)


@cache
def explanations() -> Mapping[str, Mapping[str, str]]:
    """The longer explanations by code: ``cause``, ``fix``, ``wrong``, ``right``."""
    import yaml

    found: dict[str, Mapping[str, str]] = {}
    for entry in (files("nni_core") / "catalogue").iterdir():
        if entry.name.endswith(".yaml"):
            found |= yaml.safe_load(entry.read_text("utf-8"))
    return found


def explanation(code: str) -> Explanation:
    """What there is to say about a code, which may be written in any case, or as its number alone.

    :raises NotFoundError: when there is no such code; names the nearest.
    """
    listed = {one.code: one for one in listed_codes()}
    match = _CODE.fullmatch(code.strip())
    name = f"NNI{match[1]}" if match else code.strip().upper()
    if name not in listed:
        raise NotFoundError(_unknown(code, name, list(listed)))
    one = listed[name]
    return Explanation(
        code=name,
        area=one.area,
        meaning=one.meaning,
        page=f"reference/generated/explanations.html#{name.lower()}",
        **explanations().get(name, {}),
    )


def _rows(text: str) -> Iterator[ListedCode]:
    area = ""
    for line in text.splitlines():
        if section := _SECTION.match(line):
            area = section[1]
        elif row := _ROW.match(line):
            yield ListedCode(code=row[1], area=area, meaning=row[2].replace(r"\|", "|"))


def _unknown(given: str, name: str, known: Sequence[str]) -> Problem:
    number = int(name[3:]) if re.fullmatch(r"NNI\d{3}", name) else None
    close = (
        nearest(name, known) if number is None else min(known, key=lambda other: (abs(int(other[3:]) - number), other))
    )
    hint = f"the nearest is {close}; " if close else ""
    return Problem(code="NNI575", message=f"there is no code '{given}'", help=f"{hint}nnictl explain lists all of them")
