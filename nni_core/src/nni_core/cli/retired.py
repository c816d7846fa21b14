"""Commands of NNI that are gone: each says why, and what to do instead, whatever it is given."""

from __future__ import annotations

from typing import NoReturn

import click

from nni_core.errors import Problem, UserError

_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


def _refused(message: str, help_: str) -> UserError:
    return UserError(Problem(code="NNI564", message=message, help=help_))


@click.command(context_settings=_ANYTHING)
def ss_gen(**_: object) -> NoReturn:
    """Refused: search spaces were generated from annotations in trial code, which are gone.

    Write the search space into the config, or into a file that search_space_file names.
    """
    raise _refused(
        "ss_gen made a search space out of nni.choice() and its like in trial code, and nothing reads those any more",
        "write the search space into the config: `search_space: {lr: {_type: loguniform, _value: [0.0001, 0.1]}}`, "
        "and take the values with nni.get_next_parameter(); nnictl hello writes an example",
    )


@click.command(context_settings=_ANYTHING)
def package(**_: object) -> NoReturn:
    """Refused: replaced by nnictl algo, as in NNI 2.

    A tuner that others use, too, is best a plugin: a Python distribution that pip installs.
    """
    raise _refused("package was replaced by algo", "nnictl algo register --meta_path meta.yml")
