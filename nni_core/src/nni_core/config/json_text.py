"""JSON text to plain data with the place of every key and value. Strict JSON, within the same limits as YAML."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from json import JSONDecodeError, decoder

from nni_core.config.codes import TextCode
from nni_core.config.document import Document, Entry, Mark, Node
from nni_core.config.limits import Budget
from nni_core.config.scalars import NumberTooLongError, decimal_number, whole_number
from nni_core.config.source_text import SourceText
from nni_core.config.wording import quoted
from nni_core.errors import ConfigError, Problem
from nni_core.model import Json

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?(?![\w.])", re.ASCII)
_WORD = re.compile(r"-?\w+", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
#: takes the text, the place behind the opening quote and strictness; gives the string and the place behind its end
_scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]
_CONSTANTS = {"null": None, "true": True, "false": False}
_NOT_NUMBERS = {"NaN", "Infinity", "-Infinity"}


def parse_json(source: SourceText) -> Document:
    """Read one JSON document.

    :raises ConfigError: when the text is not JSON, or goes beyond the limits. Duplicate keys are in the document's
        problems instead.
    """
    reader = _Reader(source)
    try:
        data, root = reader.document()
    except ConfigError as error:
        raise ConfigError(*reader.problems, *error.problems) from None
    return Document(data=data, source=source, root=root, problems=tuple(reader.problems))


class _Reader:
    """A recursive descent; its depth is that of the document, which :mod:`limits` bounds."""

    def __init__(self, source: SourceText) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._text = source.text
        self._budget = Budget(source)
        self._path: list[str | int] = []
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\r\n|[\n\r\x85\u2028\u2029]", self._text))]

    def document(self) -> tuple[Json, Node]:
        if not self._peek():
            raise self._error(TextCode.EMPTY, "the file is empty", 'begin with {"')
        result = self._value()
        if self._peek():
            raise self._error(TextCode.JSON_SYNTAX, "more text follows after the end of the JSON value")
        return result

    def _value(self) -> tuple[Json, Node]:
        letter, mark = self._peek(), self._mark()
        self._budget.spend(1, mark.line, mark.column)
        if letter in ("{", "["):
            self._budget.check_depth(len(self._path) + 1, mark.line, mark.column)
            return self._object(mark) if letter == "{" else self._array(mark)
        if letter == '"':
            return self._string(), Node(mark)
        if match := _NUMBER.match(self._text, self._at):
            return self._number(match), Node(mark)
        return self._constant(), Node(mark)

    def _object(self, mark: Mark) -> tuple[Json, Node]:
        value: dict[str, Json] = {}
        entries: dict[str | int, Entry] = {}
        for _ in self._items("}"):
            key_mark = self._mark()
            if self._peek() != '"':
                raise self._comment() or self._error(TextCode.JSON_SYNTAX, "a key in double quotes is expected here")
            key = self._string()
            self._expect(":")
            self._path.append(key)
            item, node = self._value()
            if key in entries:
                self._note_duplicate(key, entries[key].key, key_mark)
            else:
                value[key], entries[key] = item, Entry(key_mark, node)
            self._path.pop()
        return value, Node(mark, entries)

    def _array(self, mark: Mark) -> tuple[Json, Node]:
        value: list[Json] = []
        entries: dict[str | int, Entry] = {}
        for index in self._items("]"):
            self._path.append(index)
            item, node = self._value()
            self._path.pop()
            value.append(item)
            entries[index] = Entry(node.mark, node)
        return value, Node(mark, entries)

    def _items(self, closing: str) -> Iterator[int]:
        """Step over the brackets and commas around items; yields when an item is next."""
        opened = self._mark()
        self._at += 1
        count = 0
        while self._peek() != closing:
            if count:
                self._expect(",", opened, closing)
                if self._peek() == closing:
                    raise self._error(
                        TextCode.JSON_SYNTAX, f"JSON allows no comma before {closing}", "delete the comma"
                    )
            yield count
            count += 1
        self._at += 1

    def _string(self) -> str:
        start = self._at
        try:
            text, self._at = _scan_string(self._text, start + 1, True)
        except JSONDecodeError as error:
            self._at = error.pos
            if "Unterminated" in error.msg:
                self._at = start
                message = "the quote that opens here is never closed"
                raise self._error(TextCode.OPEN_QUOTE, message, 'add "') from None
            message = f"this text is not valid JSON: {error.msg[0].lower()}{error.msg[1:]}"
            raise self._error(TextCode.JSON_SYNTAX, message) from None
        if _LONE_SURROGATE.search(text):
            self._at = start
            raise self._error(TextCode.CONTROL_CHARACTER, "half a surrogate pair is not a character")
        return text

    def _number(self, match: re.Match[str]) -> int | float:
        whole, fraction, exponent = match.groups()
        try:
            number = decimal_number(match.group()) if fraction or exponent else whole_number(whole)
        except NumberTooLongError as error:
            raise self._error(TextCode.LONG_NUMBER, str(error)) from None
        self._at = match.end()
        return number

    def _constant(self) -> bool | None:
        match = _WORD.match(self._text, self._at)
        word = match.group() if match else ""
        if word in _NOT_NUMBERS:
            raise self._error(TextCode.NOT_A_NUMBER, f"{word} is not a number in JSON", "write a finite number")
        if match is None or word not in _CONSTANTS:
            raise self._unexpected(word)
        self._at = match.end()
        return _CONSTANTS[word]

    def _unexpected(self, word: str) -> ConfigError:
        if not self._peek():
            return self._error(TextCode.JSON_SYNTAX, "the file ends where a value is expected")
        if comment := self._comment():
            return comment
        help_ = f'write "{word}"' if word.isidentifier() else ""
        return self._error(TextCode.JSON_SYNTAX, "this is not a JSON value", help_)

    def _comment(self) -> ConfigError | None:
        if not self._text.startswith(("//", "/*", "#"), self._at):
            return None
        help_ = "delete the comment, or name the file .yaml and use #"
        return self._error(TextCode.JSON_SYNTAX, "JSON has no comments", help_)

    def _expect(self, sign: str, opened: Mark | None = None, closing: str = "") -> None:
        if self._peek() == sign:
            self._at += 1
            return
        if opened and not self._peek():
            message = f"the bracket that opens here is never closed by {closing}"
            raise self._source.error(TextCode.OPEN_BRACKET, message, opened.line, opened.column)
        if comment := self._comment():
            raise comment
        wanted = f"{sign!r} or {closing!r}" if closing else repr(sign)
        raise self._error(TextCode.JSON_SYNTAX, f"{wanted} is expected here")

    def _peek(self) -> str:
        """The next letter that is not a space; empty at the end."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _mark(self) -> Mark:
        self._peek()
        line = bisect_right(self._line_starts, self._at)
        return Mark(line, self._at - self._line_starts[line - 1] + 1)

    def _note_duplicate(self, key: str, first: Mark, mark: Mark) -> None:
        self.problems.append(
            Problem(
                code=TextCode.DUPLICATE_KEY,
                message=f"the key {quoted(key)} is given twice, first on line {first.line}",
                help="keep one of them",
                key_path=tuple(self._path),
                at_key=True,
                location=self._source.location(mark.line, mark.column),
            )
        )

    def _error(self, code: TextCode, message: str, help_: str = "") -> ConfigError:
        mark = self._mark()
        return self._source.error(code, message, mark.line, mark.column, help_)
