"""The text of a file that a user wrote, and places in it."""

from __future__ import annotations

import re
from pathlib import Path

from attrs import field, frozen

from nni_core.config.codes import TextCode
from nni_core.config.wording import shows_secret
from nni_core.errors import ConfigError, Location, Problem, nearest

#: a config beyond this is not one that a person wrote
MAX_BYTES = 1_000_000

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as the end of a line
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_SNIPPET = 200
_MARKS_OF_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_UTF8_MARK = b"\xef\xbb\xbf"


@frozen(kw_only=True)
class SourceText:
    """The decoded text of one file."""

    #: the file as the user named it
    file: str
    text: str
    lines: tuple[str, ...] = field(init=False, repr=False)

    @lines.default
    def _split(self) -> tuple[str, ...]:
        return tuple(_LINE_END.split(self.text))

    def location(self, line: int, column: int) -> Location:
        """The place of a line and column, counted from 1, with the line to show unless it holds a secret."""
        source = self.lines[line - 1] if line <= len(self.lines) else ""
        if column > _LONGEST_SNIPPET or shows_secret(source):
            source = ""
        shown = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", source[:_LONGEST_SNIPPET])
        return Location(file=self.file, line=line, column=column, source=shown)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, counted from 1, of a character."""
        before = _LINE_END.split(self.text[:offset])
        return len(before), len(before[-1]) + 1

    def error(self, code: TextCode, message: str, line: int, column: int, help: str = "") -> ConfigError:  # noqa: A002
        """The one problem that keeps the text from being read."""
        return ConfigError(Problem(code=code, message=message, help=help, location=self.location(line, column)))


def read_source(path: Path) -> SourceText:
    """Read a file that should be text in UTF-8.

    :raises ConfigError: when it is not there, not a file, too large, or not text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(f"there is no file {str(path)!r}", _similar_file(path)) from None
    except IsADirectoryError:
        raise _unreadable(f"{str(path)!r} is a directory, not a file", "name the config file in it") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(f"{str(path)!r} cannot be read: {reason.lower()}", "check its permissions") from error
    return decode(content, file=str(path))


def decode(content: bytes, *, file: str) -> SourceText:
    """Turn bytes into text, with a located problem for everything that is not UTF-8 or not text.

    :raises ConfigError: with that one problem.
    """
    if len(content) > MAX_BYTES:
        message = f"{file!r} is larger than {MAX_BYTES // 1_000_000} MB, the limit for a config"
        raise ConfigError(Problem(code=TextCode.TOO_LARGE, message=message, help="is it the right file?"))
    _check_encoding_mark(content, file)
    content = content.removeprefix(_UTF8_MARK)
    try:
        source = SourceText(file=file, text=content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _not_utf8(content, error.start, file) from None
    _check_printable(source)
    return source


def _unreadable(message: str, help_: str) -> ConfigError:
    return ConfigError(Problem(code=TextCode.UNREADABLE_FILE, message=message, help=help_))


def _similar_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return f"there is no directory {str(path.parent)!r} either"
    name = nearest(path.name, names)
    return f"did you mean {str(path.parent / name)!r}?" if name else f"looked in {str(path.parent.resolve())!r}"


def _check_encoding_mark(content: bytes, file: str) -> None:
    for mark, encoding in _MARKS_OF_ENCODINGS:
        if content.startswith(mark):
            message = f"{file!r} is encoded as {encoding}, and UTF-8 is needed"
            raise ConfigError(Problem(code=TextCode.WRONG_ENCODING, message=message, help="save it as UTF-8"))


def _not_utf8(content: bytes, start: int, file: str) -> ConfigError:
    if b"\0" in content:
        message = f"{file!r} is not a text file"
        return ConfigError(Problem(code=TextCode.NOT_TEXT, message=message, help="name a YAML or JSON file"))
    source = SourceText(file=file, text=content.decode("utf-8", "replace"))
    line, column = source.place(len(content[:start].decode("utf-8", "replace")))
    message = f"byte 0x{content[start]:02x} is not valid in UTF-8, the encoding that is needed"
    return source.error(TextCode.NOT_UTF8, message, line, column, "save the file as UTF-8")


def _check_printable(source: SourceText) -> None:
    if (match := _UNPRINTABLE.search(source.text)) is None:
        return
    line, column = source.place(match.start())
    offset = len(source.text[: match.start()].encode())
    name = "a NUL byte" if match.group() == "\0" else f"the control character U+{ord(match.group()):04X}"
    message = f"{name} at byte {offset} does not belong in a text file"
    raise source.error(TextCode.CONTROL_CHARACTER, message, line, column, "delete it, or save the file as UTF-8")
