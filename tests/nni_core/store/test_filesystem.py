"""File systems are told apart by the table of mounts."""

from pathlib import Path

import pytest

from nni_core.store.filesystem import file_system_type, is_network_file_system

MOUNTS = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /home rw,relatime - nfs4 server:/home rw
31 30 8:2 / /home/local rw - xfs /dev/sdb rw
32 22 0:27 / /mnt/two\040words rw - fuse.sshfs host:/ rw
33 22 0:28 / /over rw - ext4 /dev/sdc rw
34 22 0:29 / /over rw - lustre mds:/scratch rw
a line that is cut
"""


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/var", "ext4"),
        ("/home/me/nni-experiments", "nfs4"),
        ("/homes", "ext4"),
        ("/home/local/me", "xfs"),
        ("/mnt/two words/x", "fuse.sshfs"),
        ("/over/there", "lustre"),
    ],
)
def test_the_innermost_latest_mount_counts(folder: str, expected: str) -> None:
    """Nested, hidden and escaped mount points."""
    assert file_system_type(Path(folder), MOUNTS) == expected


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    """The real table of mounts is read without an error."""
    assert is_network_file_system(tmp_path) in {True, False}
