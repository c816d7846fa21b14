"""What ``nnictl doctor`` looks at, each with what was found and what to do about it. Nothing is changed."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

from attrs import frozen

from nni_core.client.addresses import bind, default_addresses
from nni_core.errors import MachineError, UserError
from nni_core.folders import ID_PATTERN, ExperimentFolder, all_experiments, default_root

#: bytes below which new experiments are in danger, and below which they fail
LITTLE_SPACE, NO_SPACE = 2_000_000_000, 100_000_000
#: file nodes, of which a trial takes about ten
FEW_NODES = 10_000
#: files that a manager may need at once, with many trials and browsers
FILES_WANTED = 1_024
#: seconds between the clocks of this machine and of its file server
CLOCK_TOLERANCE = 2.0
#: before this release there was no clock that could be right: 2025-01-01
EARLIEST = 1_735_689_600
#: port that ``nnictl create`` takes unless it is told otherwise
USUAL_PORT = 8080
#: seconds that a manager has for an answer
PATIENCE = 5.0


class Health(StrEnum):
    """How bad it is."""

    OK = "ok"
    #: it works, and may not for long, or not for everybody
    WARN = "warn"
    #: experiments will fail
    FAIL = "fail"


@frozen(kw_only=True)
class Finding:
    """One line of the doctor's."""

    check: str
    status: Health
    message: str
    #: what to do; empty when there is nothing to be done
    fix: str = ""


def ok(check: str, message: str) -> Finding:
    return Finding(check=check, status=Health.OK, message=message)


def warn(check: str, message: str, fix: str) -> Finding:
    return Finding(check=check, status=Health.WARN, message=message, fix=fix)


def fail(check: str, message: str, fix: str) -> Finding:
    return Finding(check=check, status=Health.FAIL, message=message, fix=fix)


def diagnose() -> Iterator[Finding]:
    """Every finding, as soon as it is found."""
    from nni_core.client.diagnosis_plugins import archived, plugins

    checks: Sequence[Callable[[], Iterator[Finding]]] = (
        python,
        user,
        archived,
        plugins,
        working_directory,
        clock,
        ports,
        limits,
        gpus,
        experiments,
    )
    for check in checks:
        yield from check()


def python() -> Iterator[Finding]:
    """The interpreter and the system."""
    found = f"Python {platform.python_version()} on {platform.system()} ({sys.executable})"
    if sys.platform not in {"linux", "darwin"}:
        yield fail("python", found, "use Linux or macOS; on Windows, the Windows Subsystem for Linux")
    else:
        yield ok("python", found)


def user() -> Iterator[Finding]:
    """Who starts the trials."""
    number = os.geteuid()
    if number == 0:
        advice = "use an account of your own; in a container of your own this is as it should be"
        yield warn("user", "nnictl runs as root, and so do trials: they may do anything to this machine", advice)
    else:
        yield ok("user", f"trials run under the user id {number}")


def working_directory() -> Iterator[Finding]:
    """Where experiments are kept: may it be written to, is there room, and does its file system do what is needed."""
    root = default_root()
    place = next(path for path in (root, *root.parents) if path.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".nni-doctor-") as file:
            yield from _locks(place, file)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        yield fail("directory", f"cannot write to {place}: {why}", "set experiment_working_directory to another folder")
        return
    yield from _space(place)
    yield from _file_system(place)


def _locks(place: Path, file: Any) -> Iterator[Finding]:
    """Experiments are told to be alive by a lock: without locks nothing of this works."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        fix = "keep experiments on a local disk: HOME and experiment_working_directory say where they are"
        yield fail("directory", f"files in {place} cannot be locked: {why}", fix)
    else:
        yield ok("directory", f"{place} can be written to, and its files be locked")


def _space(place: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(place).free
    told = f"{free / 1e9:.1f} GB free in {place}"
    fix = "nnictl experiment prune --older-than 30d --dry-run shows what could go"
    if free < LITTLE_SPACE:
        yield (fail if free < NO_SPACE else warn)("disk", told, fix)
        return
    nodes = os.statvfs(place)
    # File systems without a fixed number of nodes say 0 of 0.
    if nodes.f_files and nodes.f_favail < FEW_NODES:
        yield warn("disk", f"{told}, and room for {nodes.f_favail} files only", fix)
    else:
        yield ok("disk", told)


def _file_system(place: Path) -> Iterator[Finding]:
    from nni_core.store.filesystem import file_system_type, is_network_file_system

    mounts = Path("/proc/self/mountinfo")
    kind = file_system_type(place, mounts.read_text(errors="surrogateescape")) if mounts.exists() else "unknown"
    if is_network_file_system(place):
        message = f"{place} is on a network file system ({kind}): logs are written more slowly, and by one machine only"
        yield warn("file system", message, "set experiment_working_directory to a folder on a local disk")
    else:
        yield ok("file system", f"{place} is on {kind}")


def clock() -> Iterator[Finding]:
    """Whether times that are shown can be believed. Durations and limits do not depend on this clock."""
    now = time.time()
    latest = max((folder.database.stat().st_mtime for folder in all_experiments()), default=0.0)
    behind = max(latest, _file_time(default_root())) - now
    shown = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(now))
    if now < EARLIEST:
        yield fail("clock", f"the clock says {shown}", "set it; timedatectl shows whether it is kept right")
    elif behind > CLOCK_TOLERANCE:
        message = f"the clock says {shown}, and files of experiments were written {behind:.0f} seconds later than that"
        yield warn("clock", message, "the clock of this machine was set back, or that of its file server is ahead")
    else:
        yield ok("clock", f"it is {shown}")


def _file_time(place: Path) -> float:
    """What the clock of a folder's file system says: that of a file server is one of its own."""
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".nni-doctor-") as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:
        return 0.0


def ports() -> Iterator[Finding]:
    """Whether the usual port is free, and which addresses a manager would listen on."""
    try:
        sockets, _ = bind(default_addresses(), USUAL_PORT)
    except MachineError as error:
        problem = error.problems[0]
        yield warn("ports", problem.message, problem.help or "nnictl create --port 0 picks a free one")
        return
    addresses = ", ".join(bound.getsockname()[0] for bound in sockets)
    for bound in sockets:
        bound.close()
    yield ok("ports", f"port {USUAL_PORT} is free on {addresses}")


def limits() -> Iterator[Finding]:
    """What the system lets a process have."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files[0] != resource.RLIM_INFINITY and files[0] < FILES_WANTED:
        message = f"a process may open {files[0]} files: too few for many trials at once"
        yield warn("limits", message, f"ulimit -n {FILES_WANTED} before nnictl create")
    else:
        yield ok("limits", f"a process may open {'any number of' if files[0] < 0 else files[0]} files")


def gpus() -> Iterator[Finding]:
    """The GPUs that trials could have, by NVML."""
    try:
        import pynvml
    except ImportError:
        yield ok("gpus", "not looked at: NVML's library for Python comes with nni-service-local")
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        if Path("/proc/driver/nvidia").exists():
            yield warn("gpus", f"there is a driver of NVIDIA, and NVML fails: {error}", "nvidia-smi tells more")
        else:
            yield ok("gpus", "none: no driver of NVIDIA is loaded")
        return
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        names = [pynvml.nvmlDeviceGetName(handle) for handle in handles]
        yield ok("gpus", ", ".join(f"{index}: {_text(name)}" for index, name in enumerate(names)) or "none")
    except pynvml.NVMLError as error:
        yield warn("gpus", f"NVML cannot look at a GPU: {error}", "nvidia-smi tells more")
    finally:
        pynvml.nvmlShutdown()


def _text(name: str | bytes) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name


def experiments() -> Iterator[Finding]:
    """Experiments whose managers died or hang, logs that cannot be read, and what is left of experiments."""
    folders = list(all_experiments())
    found = [finding for folder in folders for finding in _experiment(folder)]
    found += _leftovers(default_root())
    live = sum(folder.is_live() for folder in folders)
    yield from found or [ok("experiments", f"{live} run, {len(folders) - live} ended, and nothing is left over")]


def _experiment(folder: ExperimentFolder) -> Iterator[Finding]:
    from nni_core.client.rest import Rest
    from nni_core.client.summaries import UNREADABLE, summarize

    if folder.is_live():
        if folder.manager() is not None:
            try:
                Rest(folder, timeout=PATIENCE).get("/api/v1/nni/check-status")
            except UserError as error:
                fix = f"nnictl log manager {folder.id} --tail 20; kill -9 {folder.holder()}, nnictl resume {folder.id}"
                yield fail("experiments", f"{folder.id}: {error.problems[0].message}", fix)
        return
    summary = summarize(folder)
    if summary.status == UNREADABLE:
        fix = f"nnictl experiment show {folder.id} says how to rescue it"
        yield fail("experiments", f"{folder.id} cannot be read", fix)
    elif summary.unfinished:
        message = f"{folder.id}: its manager is gone, and {summary.unfinished} trials may still run"
        yield warn("experiments", message, f"nnictl resume {folder.id} goes on, nnictl stop {folder.id} ends them")


def _leftovers(root: Path) -> Iterator[Finding]:
    """Links that lead nowhere, and folders of experiments that never began or were half deleted."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(root.iterdir()):
            if not ID_PATTERN.fullmatch(path.name):
                continue
            if path.is_symlink() and not path.exists():
                yield warn("experiments", f"the link {path} leads nowhere", f"rm '{path}'")
            elif _is_remnant(path):
                message = f"the folder {path} has no log of an experiment"
                yield warn("experiments", message, f"look into it; rm -r '{path}'")


def _is_remnant(path: Path) -> bool:
    try:
        folder = ExperimentFolder(path)
        return path.is_dir() and (folder.logs.is_dir() or folder.lock.exists()) and not folder.database.exists()
    except OSError as error:
        # One that cannot be looked into is somebody else's.
        if error.errno in {errno.EACCES, errno.EPERM}:
            return False
        raise
