"""Commands that run without a shell: they are those of which a shell would make the same."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_core.model import LogStream
from nni_core.testing.service_driver import ServiceDriver, service_context
from nni_service_local.plain import plain_words
from nni_service_local.service import LocalService

PROBE = """
import os, signal, sys
own = ("NNI_", "_", "SHLVL", "OLDPWD")  # ours, and what bash says of itself
variables = {name: value for name, value in os.environ.items() if not name.startswith(own)}
dispositions = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGTERM)]
print(sys.argv, os.getcwd(), sorted(variables.items()), dispositions)
"""


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[ServiceDriver]:
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        yield driver


@given(st.text("aZ09_-+=:,./%@ ~*$'\"\\;&|<>()#\n\t!{}[]^?`é", min_size=1, max_size=12))
def test_words_are_those_of_the_shell(text: str) -> None:
    """What is taken for plain, a shell splits into the same words."""
    words = plain_words(f"program {text}")
    if words is not None:
        script = f"set -- program {text}; printf '%s\\n' \"$@\""
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == list(words)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python3 model.py", ["python3", "model.py"]),
        ("/opt/a-b/bin/python -m  model --rate=1e-3", ["/opt/a-b/bin/python", "-m", "model", "--rate=1e-3"]),
        ("./run", ["./run"]),
    ],
)
def test_plain_commands(command: str, words: Sequence[str]) -> None:
    """A program and its arguments."""
    assert plain_words(command) == words


@pytest.mark.parametrize(
    "command",
    [
        *["", " ", "a $B", "a ~/b", "a *.py", "a 'b c'", "a \\b", "a > b", "a; b", "a & b", "a | b", "a\nb", "a\tb"],
        *["a #b", "A=1 b", "echo -e x", "exit 3", "exec a", ". ./a", "test a", "true", "a {1,2}", "ä"],
    ],
)
def test_commands_for_the_shell(command: str) -> None:
    """Anything in which a shell may see more."""
    assert plain_words(command) is None


def test_function_of_the_environment_is_for_the_shell() -> None:
    """Of that name only."""
    environment = {"BASH_FUNC_python%%": "() { echo mine; }"}
    assert plain_words("python a.py", {}, environment) is None
    assert plain_words("python3 a.py", {}, environment) == ["python3", "a.py"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="asks bash for its words")
def test_every_word_of_bash_is_for_the_shell() -> None:
    """Whatever the version of bash at hand has of its own."""
    own = subprocess.run(["bash", "-c", "compgen -bk"], capture_output=True, text=True, check=True).stdout.split()
    assert len(own) > 50
    assert [word for word in own if plain_words(f"{word} x") is not None] == []


@pytest.mark.parametrize(
    "command",
    [f"{sys.executable} probe.py a b=c --d=e,f", "./no_first_line", "./folder", "./readable", "nothing-of-this-name x"],
)
async def test_nothing_tells_how_it_was_started(command: str, driver: ServiceDriver) -> None:
    """With a shell and without one, a command sees the same, and ends in the same way."""
    code = driver.context.requirements.code_directory
    (code / "folder").mkdir(parents=True)
    (code / "probe.py").write_text(PROBE)
    (code / "readable").write_text("echo not to be run\n")
    script = code / "no_first_line"
    script.write_text('echo "by a shell: $0"; exit 7\n')
    script.chmod(0o755)
    assert plain_words(command) is not None
    ends = {}
    for name, form in (("plain", command), ("shell", f"''{command}")):
        end = await driver.run(driver.spec(name, form))
        ends[name] = end.exit_code, end.signal, await driver.log(name), await driver.log(name, LogStream.STDERR)
    assert ends["plain"] == ends["shell"]


async def test_death_by_a_signal_is_told_as_such(driver: ServiceDriver) -> None:
    """A shell would stand between, and turn it into an exit code."""
    code = driver.context.requirements.code_directory
    (code / "die.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    end = await driver.run(driver.spec("one", f"{sys.executable} die.py"))
    assert (end.exit_code, end.signal) == (None, signal.SIGSEGV)
