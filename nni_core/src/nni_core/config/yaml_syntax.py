"""PyYAML's syntax errors in words that say what to type instead."""

from __future__ import annotations

import re

import yaml

from nni_core.config.codes import TextCode
from nni_core.config.source_text import SourceText
from nni_core.config.wording import quoted
from nni_core.errors import Problem

_NO_SPACE = re.compile(r"\s*(?:- +)?([A-Za-z_]\w*):(\S.*)")
_FLOW = re.compile(r"while parsing a flow (?:sequence|mapping|node)")


def syntax_error(error: yaml.MarkedYAMLError, source: SourceText) -> Problem:
    """One located problem for the place where PyYAML gave up."""
    return _Diagnosis(error, source).problem()


def missing_space(source: SourceText, line: int) -> Problem | None:
    """A problem when a line reads ``key:value``, which YAML takes for one word."""
    match = _NO_SPACE.fullmatch(source.lines[line - 1]) if line <= len(source.lines) else None
    if match is None:
        return None
    key, value = match.groups()
    return Problem(
        code=TextCode.NO_SPACE_AFTER_COLON,
        message=f"a space is missing after {quoted(f'{key}:')}",
        help=f"write `{key}: {value[:60].rstrip()}`",
        location=source.location(line, match.end(1) + 1),
    )


class _Diagnosis:
    def __init__(self, error: yaml.MarkedYAMLError, source: SourceText) -> None:
        self._source = source
        self._context = error.context or ""
        self._text = error.problem or "it ends too early"
        mark = error.problem_mark or error.context_mark
        self._line, self._column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        context = error.context_mark or mark
        self._from_line, self._from_column = (context.line + 1, context.column + 1) if context else (1, 1)

    def problem(self) -> Problem:
        return self._tab() or self._quote() or self._bracket() or self._colon() or self._indentation() or self._other()

    def _tab(self) -> Problem | None:
        if "'\\t'" not in self._text:
            return None
        message = "a tab cannot be used for indentation"
        return self._at_problem(TextCode.TAB, message, "use two spaces for each level")

    def _quote(self) -> Problem | None:
        if "quoted scalar" not in self._context or "end of stream" not in self._text:
            return None
        mark = self._source.lines[self._from_line - 1][self._from_column - 1]
        message = f"the quote {mark} that opens here is never closed"
        return self._at_context(TextCode.OPEN_QUOTE, message, f"add {mark} at the end of the text")

    def _bracket(self) -> Problem | None:
        if not _FLOW.match(self._context) or "but got '<scalar>'" in self._text:
            return None
        bracket = self._source.lines[self._from_line - 1][self._from_column - 1 :][:1]
        closing = {"[": "]", "{": "}"}.get(bracket)
        if closing is None:
            return None
        end = "never closed" if "<stream end>" in self._text else f"not closed before line {self._line}"
        if "but got" in self._text and self._line == self._from_line and "<stream end>" not in self._text:
            end = f"not closed by {closing}"
        message = f"the bracket {bracket} that opens here is {end}"
        return self._at_context(TextCode.OPEN_BRACKET, message, f"add {closing} after its last item")

    def _colon(self) -> Problem | None:
        if "mapping values are not allowed" in self._text:
            return missing_space(self._source, self._previous_line()) or missing_space(self._source, self._line)
        if "could not find expected ':'" not in self._text:
            return None
        if problem := missing_space(self._source, self._from_line):
            return problem
        message = "this line has no colon, so that it is neither a key nor part of a value"
        return self._at_context(TextCode.NO_SPACE_AFTER_COLON, message, "write it as `key: value`")

    def _indentation(self) -> Problem | None:
        if "mapping values are not allowed" in self._text:
            return self._deeper_line() or self._second_colon()
        if "but found '<block " in self._text and self._line != self._from_line:
            return self._misaligned(previous) if (previous := self._previous_line()) else None
        if "sequence entries are not allowed" in self._text:
            message = "a list that begins with `-` cannot stand on this line"
            return self._at_problem(TextCode.INDENTATION, message, "begin the list on the next line, indented")
        return None

    def _deeper_line(self) -> Problem | None:
        previous = self._previous_line()
        if not previous:
            return None
        return self._misaligned(previous) if self._indent(self._line) > self._indent(previous) else None

    def _misaligned(self, other: int) -> Problem:
        indent, wanted = self._indent(self._line), self._indent(other)
        message = f"the line is indented by {indent}, and line {other}, which it should align with, by {wanted}"
        return Problem(
            code=TextCode.INDENTATION,
            message=message,
            help="keys of one mapping begin in the same column",
            location=self._source.location(self._line, indent + 1),
        )

    def _second_colon(self) -> Problem:
        message = "a colon followed by a space cannot stand inside unquoted text"
        return self._at_problem(TextCode.YAML_SYNTAX, message, "put the whole text in quotes")

    def _other(self) -> Problem:
        help_ = ""
        if "cannot start any token" in self._text or "but found '<scalar>'" in self._text:
            help_ = "put the whole text in quotes"
        elif "but got '<scalar>'" in self._text:
            help_ = "is a comma missing?"
        return self._at_problem(TextCode.YAML_SYNTAX, f"this is not valid YAML: {self._text}", help_)

    def _previous_line(self) -> int:
        """Number of the last line above that says something; 0 when there is none."""
        numbers = range(self._line - 1, 0, -1)
        return next((n for n in numbers if self._source.lines[n - 1].split("#")[0].strip()), 0)

    def _indent(self, line: int) -> int:
        text = self._source.lines[line - 1]
        return len(text) - len(text.lstrip(" "))

    def _at_problem(self, code: TextCode, message: str, help_: str) -> Problem:
        return Problem(code=code, message=message, help=help_, location=self._source.location(self._line, self._column))

    def _at_context(self, code: TextCode, message: str, help_: str) -> Problem:
        location = self._source.location(self._from_line, self._from_column)
        return Problem(code=code, message=message, help=help_, location=location)
