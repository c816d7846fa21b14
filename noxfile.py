"""Everything that is checked: ``pip install -r requirements-dev.txt && nox``.

The checks run in the environment that nox runs in, which has the workspace installed editable. ``build`` and
``tutorial`` make environments of their own, because what they show is that a new one works.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "frontend", "tests", "docs", "build", "e2e"]
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
FRONTEND = ROOT / "plugins" / "web_portal" / "frontend"
REQUIREMENTS = "".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
#: the folder of every distribution of the workspace, the core first
DISTRIBUTIONS = re.findall(r"^-e \./(\S+)$", REQUIREMENTS, flags=re.MULTILINE)
#: what meets a real browser or a real machine's timing is given a second chance; a rerun is reported
AGAIN = ["--reruns", "1", "-rR"]
#: two at a time; the tests of a file stay together and in their order
BESIDE = ["-n", "2", "--dist", "loadfile"]
PYTEST = ["hypothesis", "httpx", "pytest", "pytest-asyncio", "pytest-timeout"]
TORCHVISION = ["torch==2.14.1", "torchvision==0.29.1"]


def python(session: nox.Session, *arguments: str, **options: object) -> None:
    """Run this environment's Python."""
    session.run(sys.executable, *arguments, external=True, **options)  # type: ignore[arg-type]


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, formatting, and the layers of the house."""
    python(session, "-m", "ruff", "check")
    python(session, "-m", "ruff", "format", "--check")
    session.run(str(Path(sys.executable).with_name("lint-imports")), external=True)


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """mypy --strict on everything that ships."""
    python(session, "-m", "mypy")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Every test but those that run whole experiments; arguments are pytest's."""
    unit = "not e2e and not browser and not torch and not torchvision"
    python(session, "-m", "pytest", "-m", unit, *BESIDE, *session.posargs)
    python(session, "-m", "pytest", "-m", "browser and not e2e", *BESIDE, *AGAIN, *session.posargs)


@nox.session(venv_backend="none")
def e2e(session: nox.Session) -> None:
    """Real experiments through the real nnictl."""
    python(session, "-m", "pytest", "-m", "e2e", *BESIDE, *AGAIN, *session.posargs)


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """The documentation; a warning is an error."""
    python(session, "docs/build.py", *session.posargs)


@nox.session(venv_backend="none")
def frontend(session: nox.Session) -> None:
    """Types and unit tests of the portal's frontend, with the Node.js that is there or the one from PyPI."""
    python(session, "plugins/web_portal/check_frontend.py")


@nox.session(venv_backend="venv")
def build(session: nox.Session) -> None:
    """Wheels of everything, installed into a clean environment, and an experiment run from outside the checkout."""
    wheels = Path(session.create_tmp()).resolve() / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    for distribution in DISTRIBUTIONS:
        python(session, "-m", "build", "--wheel", "--outdir", str(wheels), distribution, silent=True)
    session.install(*(str(wheel) for wheel in sorted(wheels.glob("*.whl"))))
    outside = Path(session.create_tmp()).resolve() / "outside"
    outside.mkdir(exist_ok=True)
    smoke = ROOT / "tests" / "packaging" / "smoke.py"
    with session.chdir(outside):
        session.run("python", "-I", str(smoke), env={"HOME": str(outside), "PYTHONWARNINGS": "error"})


@nox.session(venv_backend="venv")
def tutorial(session: nox.Session) -> None:
    """The user's tutorial on real PyTorch, ten trials, in an environment with nothing else in it."""
    session.install("-r", "requirements.txt", "-r", "examples/hpo_quickstart_pytorch/requirements.txt")
    session.install(*PYTEST)
    home = Path(session.create_tmp()).resolve() / "home"
    home.mkdir(exist_ok=True)
    arguments = ["-m", "torch", "--timeout=600", "tests/nni", "tests/examples", *session.posargs]
    session.run("python", "-m", "pytest", *arguments, env={"HOME": str(home)})


@nox.session(venv_backend="venv")
def torchvision(session: nox.Session) -> None:
    """The loading of FashionMNIST, beside a torchvision that imports. Downloads several gigabytes."""
    session.install("-r", "requirements.txt", *TORCHVISION, "scikit-learn")
    session.install(*PYTEST)
    session.run("python", "-m", "pytest", "-m", "torchvision", "--timeout=600", "tests/examples", *session.posargs)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Speed and memory beside what they are measured against, as ratios of one run."""
    python(session, "-m", "tests.bench", *session.posargs, env={**os.environ, "PYTHONPATH": str(ROOT)})


@nox.session(venv_backend="venv")
def bench_hpo(session: nox.Session) -> None:
    """Our tuners beside those of other projects, which have environments of their own; arguments: ``-- --help``."""
    session.install("-r", "requirements.txt", "-r", "tests/bench_hpo/requirements/bench.txt")
    session.run("python", "-m", "tests.bench_hpo", *session.posargs, env={"PYTHONPATH": str(ROOT)})
