"""Writes an experiment into a bundle, whether it runs or not. The same experiment gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import attrs
import msgspec
from attrs import frozen

from nni_core.client.bundle import (
    CONFIG,
    ENVIRONMENT,
    FORMAT,
    KIND,
    LOG_FILE,
    MANIFEST,
    MOST_ENTRIES,
    MOST_RATIO,
    RATIO_FREE,
    SEARCH_SPACE,
    BundleEntry,
    BundleManifest,
    LeftOut,
)
from nni_core.client.bundle_content import Candidate, Content, code_content, experiment_content
from nni_core.client.bundle_environment import environment_document
from nni_core.client.bundle_log import SealedLog, sealed_copy
from nni_core.client.output import replaced
from nni_core.errors import ConfigError, MachineError, Problem
from nni_core.folders import ExperimentFolder
from nni_core.model import Json

_CHUNK = 1 << 18
#: the manifest, three documents and the log
_DOCUMENTS = 5
#: zip files cannot say earlier; when a file was last changed is not what a bundle is about
_DATE = (1980, 1, 1, 0, 0, 0)


@frozen(kw_only=True)
class SaveOrder:
    """What is asked for."""

    #: a folder to put ``nni_experiment_<id>.zip`` into, or a file that ends in ``.zip``
    path: Path
    code: bool = False
    #: bytes of what trials wrote, at most
    most_outputs: int = 256_000_000


@frozen(kw_only=True)
class Saved:
    """A bundle that was written."""

    path: Path
    #: bytes of the bundle
    size: int
    manifest: BundleManifest


def save_bundle(folder: ExperimentFolder, order: SaveOrder) -> Saved:
    """Write the bundle of an experiment; it is there wholly or not at all.

    :raises ConfigError: when the code that is asked for is not there.
    :raises MachineError: when the experiment cannot be read, or the bundle not written.
    """
    target = _target(folder, order.path)
    if not target.parent.is_dir():
        message = f"there is no folder '{target.parent}'"
        raise MachineError(Problem(code="NNI533", message=message, help="make it, or name another with --path"))
    with tempfile.TemporaryDirectory(prefix=".nni-save-", dir=_writable(target.parent)) as scratch:
        log = sealed_copy(folder, Path(scratch) / "experiment.sqlite")
        contents = _contents(folder, order, log)
        with replaced(target) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            manifest = _Writer(archive).write(log, contents)
    return Saved(path=target, size=target.stat().st_size, manifest=manifest)


def _contents(folder: ExperimentFolder, order: SaveOrder, log: SealedLog) -> Sequence[Content]:
    """What is in the experiment's folder, and its code. A reader takes so many entries and no more."""
    code = [code_content(_code_directory(log.config), without=folder.path)] if order.code else []
    most_files = MOST_ENTRIES - _DOCUMENTS - sum(len(content.files) for content in code)
    return [experiment_content(folder, most_bytes=order.most_outputs, most_files=most_files), *code]


def _target(folder: ExperimentFolder, path: Path) -> Path:
    is_file = path.suffix.lower() == ".zip" and not path.is_dir()
    return path if is_file else path / f"nni_experiment_{folder.id}.zip"


def _writable(parent: Path) -> Path:
    if not os.access(parent, os.W_OK):
        raise MachineError(Problem(code="NNI533", message=f"cannot write into '{parent}'", help="--path names another"))
    return parent


def _code_directory(config: Mapping[str, Json]) -> Path:
    directory = config.get("trialCodeDirectory")
    if not isinstance(directory, str):
        raise ConfigError(Problem(code="NNI599", message="the experiment's config names no code directory"))
    return Path(directory)


class _Writer:
    """Fills an archive, and keeps count for the manifest."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._entries: list[BundleEntry] = []
        self._left_out: list[LeftOut] = []

    def write(self, log: SealedLog, contents: Sequence[Content]) -> BundleManifest:
        self._document(CONFIG, log.config)
        self._document(ENVIRONMENT, environment_document())
        self._document(SEARCH_SPACE, log.config.get("searchSpace"))
        self._file(Candidate(name=LOG_FILE, path=log.path, size=log.path.stat().st_size))
        for content in contents:
            self._left_out.extend(content.left_out)
            for candidate in content.files:
                self._file(candidate)
        manifest = BundleManifest(
            format=FORMAT,
            kind=KIND,
            experiment_id=log.experiment_id,
            name=log.config.get("experimentName"),
            state=log.state,
            version=log.version,
            files=sorted(self._entries, key=lambda entry: entry.name),
            left_out=sorted(self._left_out, key=lambda one: one.name),
            hidden=log.hidden,
        )
        self._archive.writestr(_info(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        return manifest

    def _document(self, name: str, document: Json) -> None:
        data = json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._archive.writestr(_info(name), data)
        self._entries.append(BundleEntry(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest()))

    def _file(self, candidate: Candidate) -> None:
        """Add a file as long as it was when it was found; one that has gone since is left out."""
        try:
            descriptor = os.open(candidate.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._left_out.append(LeftOut(name=candidate.name, reason=f"it cannot be read: {error.strerror}"))
            return
        with os.fdopen(descriptor, "rb") as file:
            info = _info(candidate.name, executable=candidate.executable)
            if _too_dense(file, candidate.size):
                # A reader would take it for a zip bomb.
                info.compress_type = ZIP_STORED
            self._entries.append(self._stream(info, file, candidate.size))

    def _stream(self, info: ZipInfo, file: BinaryIO, size: int) -> BundleEntry:
        digest, written = hashlib.sha256(), 0
        with self._archive.open(info, "w", force_zip64=size >= 1 << 31) as entry:
            while chunk := file.read(min(_CHUNK, size - written)):
                entry.write(chunk)
                digest.update(chunk)
                written += len(chunk)
        return BundleEntry(name=info.filename, size=written, sha256=digest.hexdigest())


def _info(name: str, *, executable: bool = False) -> ZipInfo:
    info = ZipInfo(name, _DATE)
    info.compress_type = ZIP_DEFLATED
    # Whatever this is written on.
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | (0o700 if executable else 0o600)) << 16
    return info


def _too_dense(file: BinaryIO, size: int) -> bool:
    """Whether it compresses so well that a reader would refuse it. Small ones are never refused."""
    if size <= RATIO_FREE:
        return False
    compress = zlib.compressobj(wbits=-15)
    packed = seen = 0
    while chunk := file.read(min(_CHUNK, size - seen)):
        packed += len(compress.compress(chunk))
        seen += len(chunk)
    packed += len(compress.flush())
    file.seek(0)
    # With a margin: what is written may be a little less than what was measured.
    return seen > packed * MOST_RATIO // 2


def document(saved: Saved) -> Mapping[str, Json]:
    """What scripts want to know of a bundle."""
    manifest = saved.manifest
    return {
        "id": manifest.experiment_id,
        "path": str(saved.path),
        "bytes": saved.size,
        "files": len(manifest.files),
        "code": manifest.has_code,
        "left_out": [attrs.asdict(one) for one in manifest.left_out],
        "hidden": list(manifest.hidden),
    }
