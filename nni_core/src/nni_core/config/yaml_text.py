"""YAML text to plain data with the place of every key and value.

PyYAML scans and parses; what its events mean is decided here, without recursion and within :mod:`limits`: one document,
scalars of YAML 1.2, keys that are text and unique, no tags, no merge keys. Aliases repeat their anchor's value.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from attrs import define, field

from nni_core.config.codes import TextCode
from nni_core.config.document import Document, Entry, Mark, Node
from nni_core.config.limits import Budget
from nni_core.config.scalars import NumberTooLongError, resolve_plain
from nni_core.config.source_text import SourceText
from nni_core.config.wording import quoted
from nni_core.config.yaml_syntax import syntax_error
from nni_core.errors import ConfigError, Problem
from nni_core.model import Json

_SMART_QUOTES = tuple("“”„‟‘’‚‛«»")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_yaml(source: SourceText) -> Document:
    """Read one YAML document.

    :raises ConfigError: when the text is not YAML, or goes beyond the limits. Mistakes that leave the rest readable
        are in the document's problems instead.
    """
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(*builder.problems, syntax_error(error, source)) from None
    except ConfigError as error:
        raise ConfigError(*builder.problems, *error.problems) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets int() and chr() fail on absurd escapes and version numbers.
        raise ConfigError(*builder.problems, builder.unreadable(error)) from error
    return builder.document()


@define
class _Built:
    """A finished value."""

    value: Json
    node: Node
    #: values in it, itself included
    size: int
    #: mappings and lists inside one another
    height: int


@define
class _Open:
    """A mapping or list whose end is still to come."""

    value: dict[str, Json] | list[Json]
    mark: Mark
    anchor: str | None
    entries: dict[str | int, Entry] = field(factory=dict)
    #: the key whose value comes next
    key: str | None = None
    key_mark: Mark | None = None
    #: False when the value that comes next is dropped, because its key is wrong
    keep: bool = True
    size: int = 1
    height: int = 1

    @property
    def awaits_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None

    def add(self, built: _Built) -> None:
        self.size += built.size
        self.height = max(self.height, built.height + 1)
        if isinstance(self.value, list):
            self.entries[len(self.value)] = Entry(built.node.mark, built.node)
            self.value.append(built.value)
            return
        if self.keep and self.key is not None and self.key_mark is not None:
            self.entries[self.key] = Entry(self.key_mark, built.node)
            self.value[self.key] = built.value
        self.key, self.keep = None, True


class _Builder:
    """Takes the events of one document in order."""

    def __init__(self, source: SourceText) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._budget = Budget(source)
        self._stack: list[_Open] = []
        #: finished anchors; None while the anchored value is still open
        self._anchors: dict[str, _Built | None] = {}
        self._result: _Built | None = None
        self._reached = 1, 1

    def document(self) -> Document:
        if self._result is None:
            message, help_ = "the file is empty", "begin with `search_space:` and the names of the hyper-parameters"
            raise self._source.error(TextCode.EMPTY, message, 1, 1, help_)
        return Document(
            data=self._result.value, source=self._source, root=self._result.node, problems=tuple(self.problems)
        )

    def unreadable(self, error: Exception) -> Problem:
        """What PyYAML fails at stands somewhere after the last thing that it could read."""
        message = f"this is not valid YAML: {str(error)[:100]}"
        return Problem(code=TextCode.YAML_SYNTAX, message=message, location=self._source.location(*self._reached))

    def take(self, event: yaml.Event) -> None:
        if event.end_mark is not None:
            self._reached = event.end_mark.line + 1, event.end_mark.column + 1
        match event:
            case yaml.ScalarEvent():
                self._refuse_tag(event)
                self._take_scalar(event)
            case yaml.AliasEvent():
                self._take_alias(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._refuse_tag(event)
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.DocumentStartEvent() if self._result is not None:
                message = "a second document begins here, and a config is one document"
                raise self._error(
                    TextCode.SECOND_DOCUMENT, message, _mark(event), "delete this line or what follows it"
                )
            case _:
                pass

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        mark = _mark(event)
        if self._stack and self._stack[-1].awaits_key:
            raise self._error(TextCode.KEY_NOT_TEXT, "a key must be a name, not a list or a mapping", mark)
        self._budget.spend(1, mark.line, mark.column)
        self._budget.check_depth(len(self._stack) + 1, mark.line, mark.column)
        value: dict[str, Json] | list[Json] = {} if isinstance(event, yaml.MappingStartEvent) else []
        if event.anchor:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(value, mark, event.anchor))

    def _end(self) -> None:
        done = self._stack.pop()
        self._finish(_Built(done.value, Node(done.mark, done.entries), done.size, done.height), done.anchor)

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        mark = _mark(event)
        self._budget.spend(1, mark.line, mark.column)
        if self._stack and self._stack[-1].awaits_key:
            self._take_key(event, mark)
            return
        self._finish(_Built(self._value(event, mark), Node(mark), 1, 0), event.anchor)

    def _finish(self, built: _Built, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = built
        if self._stack:
            self._stack[-1].add(built)
        else:
            self._result = built

    def _take_alias(self, event: yaml.AliasEvent) -> None:
        mark, name = _mark(event), event.anchor
        if name not in self._anchors:
            message = f"there is no anchor '&{name}' above for the alias '*{name}'"
            raise self._error(TextCode.UNKNOWN_ALIAS, message, mark, f'for the text itself write "*{name}"')
        built = self._anchors[name]
        if built is None:
            message = f"the alias '*{name}' stands inside its own anchor, so that the value would never end"
            raise self._error(TextCode.RECURSIVE_ALIAS, message, mark, "write the value out")
        if self._stack and self._stack[-1].awaits_key:
            raise self._error(TextCode.KEY_NOT_TEXT, f"a key must be a name, not the alias '*{name}'", mark)
        self._budget.spend_alias(mark.line, mark.column)
        self._budget.spend(built.size, mark.line, mark.column)
        self._budget.check_depth(len(self._stack) + built.height, mark.line, mark.column)
        self._finish(_Built(built.value, Node(mark, built.node.entries), built.size, built.height), None)

    def _take_key(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        holder = self._stack[-1]
        key = self._whole_characters(event.value, mark)
        holder.key, holder.key_mark = key, mark
        if event.implicit[0] and key == "<<":
            holder.keep = False
            self._note(TextCode.MERGE_KEY, "the merge key '<<' is not supported", mark, "copy the keys instead", key)
        elif event.implicit[0] and not isinstance(self._plain(key, mark), str):
            message, help_ = f"a key must be a name, and {key or 'nothing'} is not text", f"write '{key}': in quotes"
            self._note(TextCode.KEY_NOT_TEXT, message, mark, help_, key)
        if key in holder.entries:
            holder.keep = False
            first = holder.entries[key].key
            message = f"the key {quoted(key)} is given twice, first on line {first.line}"
            self._note(TextCode.DUPLICATE_KEY, message, mark, "keep one of them", key)

    def _value(self, event: yaml.ScalarEvent, mark: Mark) -> Json:
        text: str = event.value
        if not event.implicit[0]:
            return self._whole_characters(text, mark)
        if text.startswith(_SMART_QUOTES):
            help_ = "use plain quotes: \" or '"
            self._note(TextCode.SMART_QUOTES, f"{text[0]} is not a quote in YAML, but part of the text", mark, help_)
        return self._plain(text, mark)

    def _plain(self, text: str, mark: Mark) -> bool | int | float | str | None:
        try:
            return resolve_plain(text)
        except NumberTooLongError as error:
            self._note(TextCode.LONG_NUMBER, str(error), mark)
            return 0

    def _whole_characters(self, text: str, mark: Mark) -> str:
        """Join the surrogate pairs that escapes make, as JSON means them."""
        if not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            message = "half a surrogate pair is not a character"
            raise self._error(TextCode.CONTROL_CHARACTER, message, mark) from None

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            message = f"tags like {quoted(event.tag)} are not allowed"
            self._note(TextCode.TAG, message, _mark(event), "delete it; numbers and text need no tag")

    def _note(self, code: TextCode, message: str, mark: Mark, help_: str = "", key: str | None = None) -> None:
        """Keep a mistake that does not end the reading."""
        keys = [len(open_.value) if open_.key is None else open_.key for open_ in self._stack]
        self.problems.append(
            Problem(
                code=code,
                message=message,
                help=help_,
                key_path=tuple(keys),
                at_key=key is not None,
                location=self._source.location(mark.line, mark.column),
            )
        )

    def _error(self, code: TextCode, message: str, mark: Mark, help_: str = "") -> ConfigError:
        return self._source.error(code, message, mark.line, mark.column, help_)


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)
