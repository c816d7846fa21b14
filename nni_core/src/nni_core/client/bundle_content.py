"""Which files go into a bundle: those of an experiment up to a number of bytes, and those of its code."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attrs import field, frozen

from nni_core.client.bundle import CODE, EXPERIMENT, MOST_ENTRIES, LeftOut, Names, is_results
from nni_core.errors import ConfigError, Problem
from nni_core.folders import ExperimentFolder

#: what a training service keeps about a trial for itself; what counts of it is in the log
_SERVICES = frozenset({"supervisor.jsonl"})
_WARDEN = frozenset({"trials/warden.lock", "trials/warden.log"})
_OUTPUTS = frozenset({"stdout", "stderr"})

#: left out of every code directory; ``.nniignore`` there names more, in the syntax of ``.gitignore``
IGNORED = (".git/", ".hg/", ".svn/", "__pycache__/", "*.py[cod]", ".ipynb_checkpoints/", "nni_experiment_*.zip")
IGNORE_FILE = ".nniignore"

#: given a path relative to the walk's root and whether it is a folder: whether to leave it out without a word
Skipped = Callable[[str, bool], bool]


@frozen(kw_only=True)
class Candidate:
    """A file that could go into a bundle."""

    name: str
    path: Path
    size: int
    executable: bool = False


@frozen(kw_only=True)
class Content:
    """What goes in, in order of names, and what does not."""

    files: Sequence[Candidate]
    left_out: Sequence[LeftOut] = field(factory=list)


def experiment_content(folder: ExperimentFolder, *, most_bytes: int, most_files: int) -> Content:
    """The logs of an experiment, then what its trials wrote to stdout and stderr, then their other files, as long as
    there is room: ``most_bytes`` for the files, logs aside, and ``most_files`` with them."""
    found, left_out = _walk(folder.path, EXPERIMENT, _skipped)
    logs = [one for one in found if one.name.startswith(f"{EXPERIMENT}log/")]
    kept: list[Candidate] = []
    room = most_bytes
    for one in sorted((one for one in found if one not in logs), key=_rank):
        if one.size <= room and len(kept) + len(logs) < most_files:
            room -= one.size
            kept.append(one)
        else:
            left_out.append(LeftOut(name=one.name, reason="there was no room left for it"))
    return Content(files=sorted([*logs, *kept], key=lambda one: one.name), left_out=left_out)


def _rank(one: Candidate) -> tuple[bool, str]:
    return one.name.rpartition("/")[2] not in _OUTPUTS, one.name


def _skipped(relative: str, _is_folder: bool) -> bool:
    top, _, rest = relative.partition("/")
    if not rest:
        return not is_results(top)
    parts = relative.split("/")
    return relative in _WARDEN or (top == "trials" and (parts[-1] in _SERVICES or ".nni" in parts))


def code_content(directory: Path, *, without: Path) -> Content:
    """The files of a code directory but for what its ``.nniignore`` names, and the experiment's own folder.

    :raises ConfigError: when it is not there, or holds more files than a bundle may.
    """
    if not directory.is_dir():
        message = f"the code directory '{directory}' is not there"
        raise ConfigError(Problem(code="NNI599", message=message, help="save without --saveCodeDir"))
    ignored = _ignored(directory)

    def skipped(relative: str, is_folder: bool) -> bool:
        return ignored(relative, is_folder) or directory / relative == without

    files, left_out = _walk(directory, CODE, skipped)
    if len(files) > MOST_ENTRIES // 2:
        message = f"the code directory '{directory}' holds {len(files)} files; {MOST_ENTRIES // 2} are the most"
        advice = f"name what is no code in '{directory / IGNORE_FILE}', as in a .gitignore"
        raise ConfigError(Problem(code="NNI599", message=message, help=advice))
    return Content(files=files, left_out=left_out)


def _ignored(directory: Path) -> Skipped:
    from pathspec import GitIgnoreSpec

    try:
        more = (directory / IGNORE_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        more = []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            Problem(code="NNI599", message=f"cannot read '{directory / IGNORE_FILE}': {error}")
        ) from error
    try:
        spec = GitIgnoreSpec.from_lines([*IGNORED, *more])
    except ValueError as error:
        message = f"'{directory / IGNORE_FILE}' holds no pattern of a .gitignore: {error}"
        raise ConfigError(Problem(code="NNI599", message=message)) from error
    return lambda relative, is_folder: spec.match_file(f"{relative}/" if is_folder else relative)


def _walk(root: Path, prefix: str, skipped: Skipped) -> tuple[list[Candidate], list[LeftOut]]:
    """The regular files below a folder in order of names, and what is neither that nor a folder."""
    names = Names()
    files: list[Candidate] = []
    left_out: list[LeftOut] = []
    for relative, entry in _entries(root, "", skipped):
        name = prefix + relative
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            left_out.append(LeftOut(name=_printable(name), reason="it is a link, or no regular file"))
        elif fault := names.fault(name):
            left_out.append(LeftOut(name=_printable(name), reason=fault))
        else:
            executable = bool(status.st_mode & stat.S_IXUSR)
            files.append(Candidate(name=name, path=root / relative, size=status.st_size, executable=executable))
    return sorted(files, key=lambda one: one.name), left_out


def _entries(root: Path, below: str, skipped: Skipped) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(root / below) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        # A trial may have made a folder that not even its owner can read, or removed it this moment.
        return
    for entry in entries:
        relative = f"{below}/{entry.name}" if below else entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if skipped(relative, is_folder):
            continue
        if is_folder:
            yield from _entries(root, relative, skipped)
        else:
            yield relative, entry


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
