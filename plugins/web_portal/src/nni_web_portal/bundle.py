"""The built frontend in memory: small, immutable, and out of reach of any path that a request may name."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from attrs import frozen

_INDEX = "index.html"
#: for the build alone
_STAMP = "sources.json"
# the system's tables of types differ from machine to machine; a wrong one would be refused under nosniff
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


@frozen(kw_only=True)
class Asset:
    """One file of the bundle."""

    body: bytes
    #: the same, compressed with gzip; None when the build made none
    gzipped: bytes | None
    media_type: str
    #: its name changes with its content
    immutable: bool


@frozen(kw_only=True)
class Bundle:
    """All files of the frontend."""

    #: the page that every route of the portal is
    index: str
    #: path under the portal's root -> file
    assets: Mapping[str, Asset]


def load_bundle() -> Bundle | None:
    """The bundle inside this package, or None when the package was installed without one."""
    static = files("nni_web_portal") / "static"
    if not (static / _INDEX).is_file():
        return None
    contents = dict(_walk(static, ""))
    index = contents.pop(_INDEX).decode()
    contents.pop(_STAMP, None)
    names = [name for name in contents if not name.endswith(".gz")]
    return Bundle(index=index, assets={name: _asset(name, contents) for name in names})


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _walk(item, f"{prefix}{item.name}/")
        else:
            found.append((f"{prefix}{item.name}", item.read_bytes()))
    return found


def _asset(name: str, contents: Mapping[str, bytes]) -> Asset:
    suffix = name[name.rfind(".") :]
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(
        body=contents[name],
        gzipped=contents.get(f"{name}.gz"),
        media_type=media_type,
        immutable=name.startswith("assets/"),
    )
