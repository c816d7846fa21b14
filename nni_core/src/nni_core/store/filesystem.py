"""What kind of file system a folder lies on: SQLite's write-ahead log needs memory that all its readers share, which
network file systems do not give."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK_TYPES = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "beegfs_nodev",
        "ceph",
        "cifs",
        "gpfs",
        "lustre",
        "nfs",
        "nfs4",
        "orangefs",
        "panfs",
        "smb3",
        "smbfs",
        "virtiofs",
        "wekafs",
    }
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_network_file_system(folder: Path) -> bool:
    """Whether a folder lies on a network file system, or on FUSE, which may be one. False where the system keeps no
    table of mounts in ``/proc``."""
    kind = file_system_type(folder, _MOUNTS.read_text(errors="surrogateescape")) if _MOUNTS.exists() else ""
    return kind in _NETWORK_TYPES or kind.startswith("fuse")


def file_system_type(folder: Path, mounts: str) -> str:
    """The type of the mount that holds a folder, by a table in the form of ``/proc/self/mountinfo``."""
    found: tuple[int, str] = (-1, "")
    resolved = folder.resolve()
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        if not separator:
            continue
        point = Path(_unescape(before.split(" ")[4]))
        # Of two mounts on one point the later one hides the earlier.
        if resolved.is_relative_to(point) and len(point.parts) >= found[0]:
            found = len(point.parts), after.split(" ")[0]
    return found[1]


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
