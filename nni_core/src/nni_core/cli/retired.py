"""Commands of NNI that are gone: each says why, and what to do instead, whatever it is given."""

from __future__ import annotations

from typing import NoReturn

import click

from nni_core.errors import Problem, UserError

_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


def _refused(message: str, help_: str) -> UserError:
    return UserError(Problem(code="NNI564", message=message, help=help_))


@click.command(context_settings=_ANYTHING)
def package(**_: object) -> NoReturn:
    """Refused: replaced by nnictl algo, as in NNI 2.

    A tuner that others use, too, is best a plugin: a Python distribution that pip installs.
    """
    raise _refused("package was replaced by algo", "nnictl algo register --meta_path meta.yml")
