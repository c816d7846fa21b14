"""``nnictl``: the one place where mistakes of users are printed. Commands are imported when they are used."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Mapping, Sequence

import click
from click.exceptions import NoArgsIsHelpError

from nni_core import __version__
from nni_core.cli.lazy import LazyGroup
from nni_core.cli.messages import show_problems
from nni_core.errors import MachineError, NniError, UserError

#: verb: where its command is, and the line that ``nnictl --help`` shows
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("nni_core.cli.init:init", "Write a config for the script in this directory."),
    "validate": ("nni_core.cli.validate:validate", "Check a config, or a search space, without starting anything."),
    "create": ("nni_core.cli.create:create", "Start a new experiment from a config file."),
    "resume": ("nni_core.cli.resume:resume", "Go on with an experiment that was stopped or whose manager was killed."),
    "view": ("nni_core.cli.view:view", "Look at a stopped experiment, or at a bundle, in the portal."),
    "stop": ("nni_core.cli.stop:stop", "Stop experiments; return when nothing of them is left running."),
    "experiment": ("nni_core.cli.experiment:experiment", "Look at experiments, and take their results home."),
    "update": ("nni_core.cli.update:update", "Change an experiment: its search space, its limits and its goal."),
    "trial": ("nni_core.cli.trial:trial", "Look at trials, end them, try them again, and add some of your own."),
    "log": ("nni_core.cli.log:log", "Read the logs of an experiment and of its trials."),
    "top": ("nni_core.cli.top:top", "Watch the experiments that run."),
    "config": ("nni_core.cli.config:config", "The config of an experiment."),
    "why": ("nni_core.cli.why:why", "Why an experiment idles, and why its trials wait."),
    "analyze": ("nni_core.cli.analyze:analyze", "Which parameters matter, and which of their values do well."),
    "replay": ("nni_core.cli.replay:replay", "Whether a tuner suggests again what it suggested."),
    "simulate": ("nni_core.cli.simulate:simulate", "Compare tuners on made-up trials, without running any."),
    "webui": ("nni_core.cli.webui:webui", "Where the web portal of an experiment is."),
    "algo": ("nni_core.cli.algo:algo", "Tuners and assessors by name; register your own."),
    "trainingservice": ("nni_core.cli.trainingservice:trainingservice", "Where trials can run."),
    "platform": ("nni_core.cli.platform:platform", "What training services leave behind."),
    "hello": ("nni_core.cli.hello:hello", "Write a small experiment to start from."),
    "doctor": ("nni_core.cli.doctor:doctor", "Look for what is wrong with this machine and installation."),
    "plugins": ("nni_core.cli.plugins:plugins", "What is installed, and what is wrong with it."),
    "schema": ("nni_core.cli.schema:schema", "Print the JSON Schema of a config, for editors."),
    "explain": ("nni_core.cli.explain:explain", "Say what an error code means, with an example."),
    "completion": ("nni_core.cli.completion:completion", "Print the script that completes nnictl in your shell."),
    "ss_gen": ("nni_core.cli.ss_gen:ss_gen", "Guess a search space from the defaults in a script."),
    "package": ("nni_core.cli.retired:package", "Refused: replaced by algo."),
}


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
        # doctor is the one who tells more about it
        if list(sys.argv[1:] if arguments is None else arguments)[:1] != ["doctor"]:
            _refuse_archived_nni()
        code = nnictl.main(args=arguments, prog_name="nnictl", standalone_mode=False)
    except UserError as error:
        show_problems(error.problems)
        return error.exit_code
    except NoArgsIsHelpError as error:
        # A group without a command is a question, not a mistake.
        click.echo(error.ctx.get_help() if error.ctx else "")
        return 0
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
