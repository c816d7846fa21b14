"""The build hook: when it builds, what it asks for, and what it says when it cannot."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PORTAL = Path(__file__).parents[2] / "plugins" / "web_portal"

pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def hatch_build() -> ModuleType:
    pytest.importorskip("hatchling", reason="the hook runs inside hatchling")
    spec = importlib.util.spec_from_file_location("portal_hatch_build", PORTAL / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The sources of the portal without bundle and packages, as after a clone."""
    ignore = shutil.ignore_patterns("node_modules")
    shutil.copytree(PORTAL / "frontend", tmp_path / "frontend", ignore=ignore)
    return tmp_path


def hook_for(hatch_build: ModuleType, root: Path) -> Any:
    from hatchling.bridge.app import Application

    return hatch_build.BundleHook(str(root), {}, None, None, "", "wheel", Application())


def bundle(hatch_build: ModuleType, checkout: Path) -> Path:
    """A bundle that claims to be made from the checkout's sources."""
    static = checkout / "src" / "nni_web_portal" / "static"
    static.mkdir(parents=True)
    (static / "index.html").write_text("<title>built</title>", encoding="utf-8")
    stamp = {"sha256": hatch_build._digest(checkout / "frontend")}
    (static / hatch_build.STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    return static


@pytest.fixture
def no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))


def test_a_bundle_of_these_sources_is_left_alone(hatch_build: ModuleType, checkout: Path, no_node: None) -> None:
    """An installation with a bundle needs no Node and touches nothing."""
    static = bundle(hatch_build, checkout)
    hook = hook_for(hatch_build, checkout)
    assert hook.dependencies() == []
    hook.initialize("standard", {})
    assert (static / "index.html").read_text(encoding="utf-8") == "<title>built</title>"


def test_node_is_asked_for_only_where_there_is_none(
    hatch_build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a bundle the wheel of Node is a build requirement, unless PATH has one that is new enough."""
    hook = hook_for(hatch_build, checkout)
    programs = checkout / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert hook.dependencies() == [hatch_build.NODE_REQUIREMENT]
    for version, wanted in (("v18.20.0", [hatch_build.NODE_REQUIREMENT]), ("v20.19.0", []), ("v24.1.0", [])):
        for name in ("node", "npm"):
            (programs / name).write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
            (programs / name).chmod(0o755)
        assert hook.dependencies() == wanted


def test_changed_sources_make_the_bundle_stale(hatch_build: ModuleType, checkout: Path, no_node: None) -> None:
    """A change of any source, but not of a test, asks for a new build."""
    bundle(hatch_build, checkout)
    hook = hook_for(hatch_build, checkout)
    (checkout / "frontend" / "src" / "another.test.ts").write_text("", encoding="utf-8")
    assert hook.dependencies() == []
    (checkout / "frontend" / "src" / "app.css").write_text("body {}", encoding="utf-8")
    assert hook.dependencies() == [hatch_build.NODE_REQUIREMENT]


def test_the_frontend_can_be_left_out(
    hatch_build: ModuleType, checkout: Path, no_node: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable skips the build; the portal then says what to run."""
    monkeypatch.setenv(hatch_build.SKIP, "1")
    hook = hook_for(hatch_build, checkout)
    assert hook.dependencies() == []
    hook.initialize("standard", {})
    assert not (checkout / "src").exists()


def test_an_unreachable_registry_is_told_with_what_to_do(
    hatch_build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The build ends with a sentence, not with a traceback."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm on PATH")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(checkout / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(SystemExit):
        hook_for(hatch_build, checkout).initialize("standard", {})
    shown = capsys.readouterr()
    assert f"set {hatch_build.SKIP}=1 to install without the portal's pages" in shown.out + shown.err


def test_the_lock_file_names_no_registry() -> None:
    """Packages come from whatever registry the user's npm is set to, and must have the recorded content."""
    lock = json.loads((PORTAL / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for path, package in lock["packages"].items() if path]
    assert all("resolved" not in package and "integrity" in package for package in packages)
