"""``shared_storage``: a directory that several machines mount, as NNI's config describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from attrs import field, frozen

from nni_core.config.metadata import described

#: what each type of storage cannot do without
_NEEDED = {
    "NFS": ("nfs_server", "exported_directory"),
    "AzureBlob": ("storage_account_name", "container_name"),
}


@frozen(kw_only=True)
class SharedStorageConfig:
    """A mounted directory that trials on several machines share."""

    storage_type: Literal["NFS", "AzureBlob"] = field(metadata=described("What kind of storage it is.", example="NFS"))
    local_mount_point: Path = field(
        metadata=described("Where this machine mounts it, or has it mounted.", example="/mnt/nni")
    )
    remote_mount_point: str = field(
        metadata=described("Where the machines of the trials mount it.", example="/mnt/nni")
    )
    local_mounted: Literal["usermount", "nnimount", "nomount"] = field(
        metadata=described(
            "Who mounts it here: you did, the training service does, or nobody needs to.", example="usermount"
        )
    )
    nfs_server: str | None = field(default=None, metadata=described("Host of the NFS server; needed for `NFS`."))
    exported_directory: str | None = field(
        default=None, metadata=described("Directory that the NFS server exports; needed for `NFS`.")
    )
    storage_account_name: str | None = field(
        default=None, metadata=described("Account at Azure; needed for `AzureBlob`.")
    )
    storage_account_key: str | None = field(default=None, metadata=described("Key of the account, never shown."))
    container_name: str | None = field(
        default=None, metadata=described("Container of the account; needed for `AzureBlob`.")
    )

    def __attrs_post_init__(self) -> None:
        missing = [name for name in _NEEDED[self.storage_type] if getattr(self, name) is None]
        if missing:
            named = " and ".join(f"'{name}'" for name in missing)
            raise ValueError(f"a shared storage of type {self.storage_type} needs {named}")
