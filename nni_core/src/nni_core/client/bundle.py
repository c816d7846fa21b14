"""The format of a bundle: one experiment in a zip file, with a manifest that names every entry and its checksum.

``manifest.json``
    :class:`BundleManifest`
``environment.json``
    Python, platform, and every installed distribution with its version
``config.json``, ``search_space.json``
    for people; the log is what is believed
``experiment/experiment.sqlite``
    the log; ``experiment/log/`` and ``experiment/trials/`` are as in the experiment's folder
``code/``
    the trial's code, if it was asked for

What may be in a bundle is decided here, for those that write one and for those that read one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from attrs import field, frozen

from nni_core.errors import ConfigError, Problem
from nni_core.model import ExperimentState

#: format that is written; a reader refuses newer ones
FORMAT = 1
KIND = "nni-experiment-bundle"

MANIFEST = "manifest.json"
ENVIRONMENT = "environment.json"
CONFIG = "config.json"
SEARCH_SPACE = "search_space.json"
EXPERIMENT = "experiment/"
LOG_FILE = f"{EXPERIMENT}experiment.sqlite"
CODE = "code/"
_ALONE = frozenset({ENVIRONMENT, CONFIG, SEARCH_SPACE})
#: what in an experiment's folder belongs to a manager and its machine, and not to the results
_MANAGERS = ("manager.", "token", "summary.json", "experiment.sqlite", "view.", ".")

#: entries
MOST_ENTRIES = 65_000
#: bytes of all entries together, unless the reader says otherwise
MOST_BYTES = 4 * 1024**3
#: bytes of a document
MOST_JSON = 32 * 1024**2
#: an entry above so many bytes may be so many times as large as it is in the archive, and no more
RATIO_FREE = 1024**2
MOST_RATIO = 200
_LONGEST_NAME = 1024
_LONGEST_PART = 255


@frozen(kw_only=True)
class BundleEntry:
    """One file in a bundle."""

    name: str
    size: int
    sha256: str


@frozen(kw_only=True)
class LeftOut:
    """A file that is not in a bundle, and why."""

    name: str
    reason: str


@frozen(kw_only=True)
class BundleManifest:
    """What a bundle says of itself."""

    format: int
    kind: str
    experiment_id: str
    name: str | None
    #: of the experiment when it was saved; in the bundle it is a stopped one
    state: ExperimentState
    #: of nni-core
    version: str
    #: every other entry, in order of names
    files: Sequence[BundleEntry]
    left_out: Sequence[LeftOut] = field(factory=list)
    #: settings whose values look like passwords and were taken out
    hidden: Sequence[str] = field(factory=list)

    @property
    def has_code(self) -> bool:
        return any(entry.name.startswith(CODE) for entry in self.files)

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return sum(entry.size for entry in self.files)

    def by_name(self) -> Mapping[str, BundleEntry]:
        return {entry.name: entry for entry in self.files}


class Names:
    """The names in a bundle so far. A name is refused when it could mean another file on some file system."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def fault(self, name: str) -> str | None:
        """What is wrong with the next name; None takes it."""
        return self._own_fault(name) or self._clash(name)

    def _own_fault(self, name: str) -> str | None:
        if not name or len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
            return f"its name is empty or longer than {_LONGEST_NAME} bytes"
        if "\0" in name:
            return "its name holds a NUL character"
        if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name):
            return "its name holds a control character, or is no text"
        if "\\" in name or ":" in name:
            return "its name holds a backslash or a colon, which separate paths on some systems"
        if name.startswith("/"):
            return "its name is an absolute path"
        return _fault_of_parts(name.split("/"))

    def _clash(self, name: str) -> str | None:
        folded = _folded(name)
        if (before := self._files.get(folded)) is not None:
            return "it is there twice" if before == name else f"its name differs from '{before}' in case only"
        if folded in self._folders:
            return "it is a file and a folder"
        folders = list(_folders(name))
        for folder in folders:
            if _folded(folder) in self._files:
                return f"'{folder}' is a file and a folder"
            if (known := self._folders.get(_folded(folder), folder)) != folder:
                return f"its folder differs from '{known}' in case only"
        self._files[folded] = name
        self._folders.update((_folded(folder), folder) for folder in folders)
        return None


def _fault_of_parts(parts: Sequence[str]) -> str | None:
    if any(part in {"", ".", ".."} for part in parts):
        return "its name leads out of its folder, or nowhere"
    if any(len(part.encode()) > _LONGEST_PART for part in parts):
        return f"a part of its name is longer than {_LONGEST_PART} bytes"
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _folders(name: str) -> Iterator[str]:
    parts = name.split("/")[:-1]
    return ("/".join(parts[:length]) for length in range(1, len(parts) + 1))


def is_results(top: str) -> bool:
    """Whether what has this name in an experiment's folder is part of its results, and goes into a bundle. The log is
    copied in a way of its own; ``code`` is that of an experiment that was loaded, which is saved as code or not at all;
    ``checkpoint`` is what a tuner keeps to go on with.
    """
    return not top.casefold().startswith(_MANAGERS) and top.casefold() not in {"code", "checkpoint"}


def is_expected(name: str) -> bool:
    """Whether a bundle of this format may have an entry of this name, besides the manifest. One beside the log that
    SQLite would take for a part of it, or a manager for its own, is not expected."""
    if name.startswith(EXPERIMENT):
        return name == LOG_FILE or is_results(name.removeprefix(EXPERIMENT).partition("/")[0])
    return name in _ALONE or name.startswith(CODE)


@contextmanager
def _readable(what: str) -> Iterator[None]:
    try:
        yield
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise ConfigError(Problem(code="NNI594", message=f"{what}: its manifest cannot be read: {error}")) from error


def decode_manifest(data: bytes, what: str) -> BundleManifest:
    """Read a manifest; ``what`` names the bundle in messages.

    :raises ConfigError: when it is none, or of a newer format.
    """
    with _readable(what):
        head = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        kind = msgspec.json.decode(head.get("kind", b"null"))
        number = msgspec.json.decode(head.get("format", b"null"))
    if kind != KIND or not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ConfigError(Problem(code="NNI594", message=f"{what}: its manifest is not that of a bundle"))
    if number > FORMAT:
        message = f"{what} has format {number}, and this version of nni-core reads bundles up to format {FORMAT}"
        raise ConfigError(Problem(code="NNI595", message=message, help="pip install --upgrade nni-core"))
    with _readable(what):
        return msgspec.json.decode(data, type=BundleManifest)
