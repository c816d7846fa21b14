"""Commands that a shell would only hand on. To start one for them takes a millisecond of every trial."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

_WORD = r"[A-Za-z0-9_@%+=:,./-]+"
_PLAIN = re.compile(rf"{_WORD}(?: +{_WORD})*")
#: what shells do themselves, or take for part of their language, though there may be a program of that name
_OF_THE_SHELL = frozenset(
    """
    . : alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare
    dirs disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash
    help history if in jobs kill let local logout mapfile popd print printf pushd pwd read readarray readonly return
    select set shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset
    until wait whence while
    """.split()  # noqa: SIM905 - seventy lines otherwise
)


def plain_words(command: str, *environments: Container[str]) -> Sequence[str] | None:
    """The program and its arguments, when a shell would make nothing else of a command; None when it might: something
    is quoted, expanded, redirected or assigned, or the first word is one that shells know, or a function that bash has
    left in an environment."""
    if not _PLAIN.fullmatch(command):
        return None
    program, *arguments = command.split()
    if "=" in program or program in _OF_THE_SHELL or any(_has_function(each, program) for each in environments):
        return None
    return [program, *arguments]


def _has_function(environment: Container[str], name: str) -> bool:
    return f"BASH_FUNC_{name}%%" in environment or f"BASH_FUNC_{name}()" in environment
