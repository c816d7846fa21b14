"""Opens a bundle that anybody may have made. Everything about it is checked before a byte of it is written anywhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from nni_core.client.bundle import (
    ENVIRONMENT,
    EXPERIMENT,
    LOG_FILE,
    MANIFEST,
    MOST_BYTES,
    MOST_ENTRIES,
    MOST_JSON,
    MOST_RATIO,
    RATIO_FREE,
    BundleEntry,
    BundleManifest,
    Names,
    decode_manifest,
    is_expected,
)
from nni_core.client.zip_directory import check_directory
from nni_core.errors import ConfigError, MachineError, NotFoundError, Problem, nearest
from nni_core.model import Json

_CHUNK = 1 << 18
_ENCRYPTED = 0x1 | 0x40
_DAMAGES = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError, OSError)


class BundleFile:
    """A bundle whose every entry has been checked. A context manager."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Open a bundle and check all of it; ``most_bytes`` bounds what its entries may hold together.

        :raises NotFoundError: when there is no such file.
        :raises ConfigError: naming the entry and what is wrong with it.
        """
        self.path = path
        self._most_bytes = most_bytes
        self._file = _opened(path)
        try:
            with self._damages():
                check_directory(self._file, path)
                self._archive = ZipFile(self._file)
            self._infos = self._checked_infos()
            self.manifest = self._checked_manifest()
            for entry in self.manifest.files:
                with self._pieces(entry) as pieces:
                    for _ in pieces:
                        pass
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._archive.close()
        self._file.close()

    def environment(self) -> Mapping[str, Json]:
        """What was installed where it was saved; empty when that cannot be read."""
        entry = self.manifest.by_name().get(ENVIRONMENT)
        if entry is None:
            return {}
        with self._pieces(entry) as pieces:
            data = b"".join(pieces)
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def extract(self, prefix: str, target: Path) -> None:
        """Write the entries below a prefix into a folder that nobody else writes into.

        :raises MachineError: when there is not the room, or it cannot be written.
        :raises ConfigError: when the bundle has changed since it was checked.
        """
        entries = [entry for entry in self.manifest.files if entry.name.startswith(prefix)]
        try:
            target.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_room(sum(entry.size for entry in entries), target)
            for entry in entries:
                self._extract(entry, target / entry.name.removeprefix(prefix))
        except OSError as error:
            message = f"cannot write '{error.filename or target}': {(error.strerror or str(error)).lower()}"
            raise MachineError(Problem(code="NNI533", message=message)) from error

    def _extract(self, entry: BundleEntry, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        executable = self._infos[entry.name].external_attr >> 16 & stat.S_IXUSR
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(target, flags, 0o700 if executable else 0o600)
        with os.fdopen(descriptor, "wb") as file, self._pieces(entry) as pieces:
            for piece in pieces:
                file.write(piece)

    def _check_room(self, size: int, target: Path) -> None:
        if size > (free := shutil.disk_usage(target).free):
            message = f"{self._what} needs {size} bytes in '{target}', and {free} are free"
            raise MachineError(Problem(code="NNI533", message=message))

    @property
    def _what(self) -> str:
        return f"'{self.path.name}'"

    def _refused(self, code: str, name: str, fault: str, advice: str = "") -> ConfigError:
        shown = name if len(name) <= 120 else f"{name[:119]}…"
        return ConfigError(Problem(code=code, message=f"{self._what}, entry {shown!r}: {fault}", help=advice))

    @contextmanager
    def _damages(self, name: str = "") -> Iterator[None]:
        """Turns whatever a damaged archive makes the standard library raise into what to tell the user."""
        try:
            yield
        except _DAMAGES as error:
            where = f"{self._what}, entry {name!r}" if name else self._what
            code = "NNI596" if name else "NNI590"
            message = f"{where}: the archive is damaged or cut short: {str(error) or type(error).__name__}"
            raise ConfigError(Problem(code=code, message=message, help="fetch it again")) from error

    def _checked_infos(self) -> Mapping[str, ZipInfo]:
        """Every file in the archive by its name, as the central directory has it."""
        infos = self._archive.infolist()
        if len(infos) > MOST_ENTRIES:
            message = f"{self._what} holds {len(infos)} entries; {MOST_ENTRIES} are the most"
            raise ConfigError(Problem(code="NNI593", message=message))
        names = Names()
        files: dict[str, ZipInfo] = {}
        for info in infos:
            # The name as it is written: the other one ends at a NUL.
            name = info.orig_filename
            if name.endswith("/") and info.file_size == 0 and stat.S_IFMT(info.external_attr >> 16) != stat.S_IFLNK:
                # Somebody packed it again, with its folders; they are made as they are needed.
                if fault := Names().fault(name.rstrip("/")):
                    raise self._refused("NNI591", name, fault)
                continue
            if fault := names.fault(name):
                raise self._refused("NNI591", name, fault)
            self._check_kind(name, info)
            files[name] = info
        self._check_total(files)
        return files

    def _check_kind(self, name: str, info: ZipInfo) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise self._refused("NNI592", name, "it is encrypted")
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise self._refused("NNI592", name, f"its compression, {info.compress_type}, is not read here")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            what = "a link" if kind == stat.S_IFLNK else "a device, a pipe or a socket"
            raise self._refused("NNI592", name, f"it is {what}, and no regular file")
        packed = max(info.compress_size, 1)
        if info.file_size > RATIO_FREE and info.file_size > packed * MOST_RATIO:
            ratio = info.file_size // packed
            raise self._refused("NNI593", name, f"it unpacks to {ratio} times its size; {MOST_RATIO} is the most")

    def _check_total(self, files: Mapping[str, ZipInfo]) -> None:
        total = sum(info.file_size for info in files.values())
        if total > self._most_bytes:
            message = f"{self._what} unpacks to {total} bytes; {self._most_bytes} are allowed"
            raise ConfigError(Problem(code="NNI593", message=message, help="--max-size allows more"))

    def _checked_manifest(self) -> BundleManifest:
        info = self._infos.get(MANIFEST)
        if info is None:
            message = f"{self._what} is a zip file without {MANIFEST}, and no bundle"
            raise ConfigError(Problem(code="NNI594", message=message, help="nnictl experiment save writes bundles"))
        if info.file_size > MOST_JSON:
            raise self._refused("NNI593", MANIFEST, f"it is larger than {MOST_JSON} bytes")
        with self._damages(MANIFEST):
            data = self._archive.read(info)
        manifest = decode_manifest(data, self._what)
        self._check_listing(manifest)
        return manifest

    def _check_listing(self, manifest: BundleManifest) -> None:
        listed = manifest.by_name()
        if len(listed) != len(manifest.files):
            raise self._refused("NNI594", MANIFEST, "it names an entry twice")
        for name in sorted(self._infos.keys() - {MANIFEST} ^ listed.keys()):
            fault = "the manifest names it, and it is not there" if name in listed else "the manifest does not name it"
            raise self._refused("NNI594", name, fault)
        for name, entry in listed.items():
            if not is_expected(name):
                raise self._refused("NNI594", name, "a bundle has no such entry")
            if entry.size != self._infos[name].file_size:
                raise self._refused("NNI596", name, f"it has {self._infos[name].file_size} bytes, not {entry.size}")
            if name.endswith(".json") and "/" not in name and entry.size > MOST_JSON:
                raise self._refused("NNI593", name, f"it is larger than {MOST_JSON} bytes")
        if LOG_FILE not in listed:
            raise self._refused("NNI594", LOG_FILE, "it is not there, and without it there is no experiment")

    @contextmanager
    def _pieces(self, entry: BundleEntry) -> Iterator[Iterator[bytes]]:
        """The content of an entry, piece by piece; at the end its checksum is found right."""
        with self._damages(entry.name):
            opened: IO[bytes] = self._archive.open(self._infos[entry.name])
        with opened:
            yield self._verified(entry, opened)

    def _verified(self, entry: BundleEntry, opened: IO[bytes]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        while True:
            with self._damages(entry.name):
                piece = opened.read(_CHUNK)
            if not piece:
                break
            digest.update(piece)
            size += len(piece)
            yield piece
        if size != entry.size or digest.hexdigest() != entry.sha256:
            raise self._refused("NNI596", entry.name, "it is not what its checksum says", "fetch the bundle again")


def _opened(path: Path) -> IO[bytes]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        near = nearest(path.name, [one.name for one in path.parent.glob("*.zip")]) if path.parent.is_dir() else None
        advice = f"did you mean '{path.with_name(near)}'?" if near else f"looked at {path.absolute()}"
        raise NotFoundError(Problem(code="NNI590", message=f"there is no bundle '{path}'", help=advice)) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise NotFoundError(Problem(code="NNI590", message=f"cannot read '{path}': {reason}")) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise NotFoundError(Problem(code="NNI590", message=f"'{path}' is no regular file"))
    return file


def names_below(manifest: BundleManifest, prefix: str = EXPERIMENT) -> list[str]:
    """The names of the entries below a prefix, without it."""
    return [entry.name.removeprefix(prefix) for entry in manifest.files if entry.name.startswith(prefix)]
