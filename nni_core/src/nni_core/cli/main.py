"""``nnictl``: the one place where mistakes of users are printed. Commands are imported when they are used."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Mapping, Sequence

import click

from nni_core import __version__
from nni_core.cli.lazy import LazyGroup
from nni_core.errors import MachineError, NniError, UserError

#: verb: where its command is, and the line that ``nnictl --help`` shows
COMMANDS: Mapping[str, tuple[str, str]] = {
    "create": ("nni_core.cli.create:create", "Start a new experiment from a config file."),
    "resume": ("nni_core.cli.resume:resume", "Go on with an experiment that was stopped or whose manager was killed."),
    "stop": ("nni_core.cli.stop:stop", "Stop experiments; return when nothing of them is left running."),
    "experiment": ("nni_core.cli.experiment:experiment", "Look at experiments, and take their results home."),
    "trial": ("nni_core.cli.trial:trial", "Look at trials and end them."),
    "log": ("nni_core.cli.log:log", "Read the logs of an experiment and of its trials."),
    "webui": ("nni_core.cli.webui:webui", "Where the web portal of an experiment is."),
    "plugins": ("nni_core.cli.plugins:plugins", "What is installed, and what is wrong with it."),
    "completion": ("nni_core.cli.completion:completion", "Print the script that completes nnictl in your shell."),
}

#: problems printed one by one; the rest is counted
PROBLEMS_SHOWN = 20


@click.group(
    cls=LazyGroup,
    commands_table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="nnictl COMMAND --help tells more. Plugins may bring more commands: nnictl plugins list --kind cli_command.",
)
@click.version_option(__version__, "-v", "--version", message="%(version)s")
def nnictl() -> None:
    """Tune hyper-parameters: run experiments, watch them, take the results home."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``nnictl``."""
    # A command is over before there is anything worth collecting, and looking for it would cost a tenth of its time.
    gc.disable()
    code = run(arguments)
    # The interpreter collects once more when it ends. What was imported is no garbage, and there is a lot of it.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; the answer is the exit code."""
    _open_streams()
    try:
        _refuse_archived_nni()
        code = nnictl.main(args=arguments, prog_name="nnictl", standalone_mode=False)
    except UserError as error:
        _show(error)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except NniError as error:
        click.echo(f"error: {error}", err=True)
        return MachineError.exit_code
    except BrokenPipeError:
        # Somebody read only the head of it. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        click.echo(f"cannot write the output: {error.strerror}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return MachineError.exit_code
    return code if isinstance(code, int) else 0


def _open_streams() -> None:
    """Whoever closed an output does not want to read it: it goes nowhere, and nothing of ours takes its place."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_WRONLY)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
            setattr(sys, name, os.fdopen(descriptor, "w", encoding="utf-8", closefd=False))


def _show(error: UserError) -> None:
    """Every problem, or as many as anybody reads at once."""
    for problem in error.problems[:PROBLEMS_SHOWN]:
        click.echo(problem.render(), err=True)
    if (more := len(error.problems) - PROBLEMS_SHOWN) > 0:
        click.echo(f"and {more} more like these", err=True)


def _refuse_archived_nni() -> None:
    """The archived nni distribution and ours overwrite each other's files: nothing here could be relied on."""
    from nni_core.cli.neighbours import archived_nni_installed

    if archived_nni_installed():
        from nni_core.errors import PluginError
        from nni_core.plugins import archived_nni_problem

        problem = archived_nni_problem()
        if problem is not None:
            raise PluginError(problem)


if __name__ == "__main__":
    main()
