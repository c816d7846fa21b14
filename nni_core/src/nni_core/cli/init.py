"""``nnictl init``: write a first config for the script that lies here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nni_core.errors import ConflictError, MachineError, NotFoundError, Problem

if TYPE_CHECKING:
    from nni_core.client.drafting import Draft
    from nni_core.client.trial_scripts import TrialScript
    from nni_core.plugins import PluginRegistry


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default="config.yaml")
@click.option("--command", help="Command of a trial; the script that calls nni.get_next_parameter when left out.")
@click.option("--space", type=click.Path(path_type=Path), metavar="FILE", help="File with the search space.")
@click.option("--tuner", metavar="NAME", help="Tuner to use; nnictl algo list names them.")
@click.option("--trials", type=click.IntRange(1), help="Trials in all.")
@click.option("--concurrency", type=click.IntRange(1), help="Trials at the same time.")
@click.option("--maximize/--minimize", "maximize", default=None, help="Which results are good.")
@click.option("--name", help="Name of the experiment.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing: take what was found, and the defaults.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(file: Path, *, yes: bool, force: bool, **given: Any) -> None:
    """Write a commented config, FILE or config.yaml, for the trial script in its directory.

    Asks what the flags do not say. Beside the config lies a JSON Schema, by which editors complete and check it.
    """
    from nni_core.client.drafting import draft_text
    from nni_core.client.editor_schema import SCHEMA_FILE, schema_text, write_schema
    from nni_core.plugins import discover_plugins

    refuse_to_overwrite(file, force=force)
    plugins = discover_plugins()
    draft = _Questions(file.parent, plugins, given, ask=not yes).draft()
    write_schema(file.with_name(SCHEMA_FILE), schema_text(plugins))
    write_file(file, draft_text(draft))
    _check(file, plugins)
    click.echo(f"Wrote {file}, and {SCHEMA_FILE} beside it for your editor.")
    if draft.guessed_from is not None:
        click.echo(f"The search space is a guess by {draft.guessed_from}: look at its ranges first.")
    click.echo(f"nnictl validate -c {file} checks it, nnictl create -c {file} starts it.")


class _Questions:
    """Finds out what a draft needs: from the flags, from the directory, from the user, in this order."""

    def __init__(self, directory: Path, plugins: PluginRegistry, given: Mapping[str, Any], *, ask: bool) -> None:
        self._directory = directory
        self._plugins = plugins
        self._given = given
        self._ask = ask

    def draft(self) -> Draft:
        """Everything, with the defaults for what nobody says."""
        from nni_core.client.drafting import Draft
        from nni_core.client.editor_schema import modeline
        from nni_core.plugin_kinds import PluginKind

        command, script = self._command()
        tuner = self._one_of(PluginKind.TUNER, "tuner", "Tuner")
        maximize = self._given["maximize"]
        if maximize is None:
            maximize = not self._ask or click.confirm("Is a higher result better?", default=True)
        return Draft(
            command=command,
            tuner=tuner,
            service=self._one_of(PluginKind.TRAINING_SERVICE, None, ""),
            trials=self._number("trials", "Trials in all", 10),
            concurrency=self._number("concurrency", "Trials at the same time", 2),
            maximize=maximize,
            name=self._given["name"],
            modeline=modeline(),
            **self._space(script),
        )

    def _command(self) -> tuple[str, TrialScript | None]:
        """The command, and the script that it was made for."""
        from nni_core.client.drafting import python_command
        from nni_core.client.trial_scripts import find_scripts

        scripts = find_scripts(self._directory)
        if self._given["command"]:
            words = self._given["command"].split()
            return self._given["command"], next((one for one in scripts if one.path.as_posix() in words), None)
        if not scripts:
            return self._asked_command(), None
        chosen = scripts[0]
        if self._ask and len(scripts) > 1:
            names = [one.path.as_posix() for one in scripts]
            name = click.prompt("Script of a trial", default=names[0], type=click.Choice(names))
            chosen = scripts[names.index(name)]
        command = python_command(chosen.path)
        return (click.prompt("Command of a trial", default=command) if self._ask else command), chosen

    def _asked_command(self) -> str:
        if self._ask:
            return str(click.prompt("Command of a trial"))
        raise NotFoundError(
            Problem(
                code="NNI576",
                message=f"no script in '{self._directory}' calls nni.get_next_parameter",
                help='say what a trial runs: --command "python3 model.py"',
            )
        )

    def _space(self, script: TrialScript | None) -> dict[str, Any]:
        """The fields of the draft that tell the search space."""
        from nni_core.client.drafting import SPACE_FILES, guessed_space
        from nni_core.client.validating import validate_space
        from nni_core.errors import ConfigError

        given = self._given["space"]
        there = next((self._directory / name for name in SPACE_FILES if (self._directory / name).is_file()), None)
        file = given or there
        if file is None:
            parameters = script.parameters if script else {}
            return {"space": guessed_space(parameters), "guessed_from": script.path if script and parameters else None}
        if errors := validate_space(file).errors:
            raise ConfigError(*errors)
        return {"space_file": _relative(file, self._directory)}

    def _number(self, name: str, question: str, default: int) -> int:
        if self._given[name] is not None:
            return int(self._given[name])
        return int(click.prompt(question, default=default, type=click.IntRange(1))) if self._ask else default

    def _one_of(self, kind: Any, flag: str | None, question: str) -> Any:
        """The spec of a plugin that was chosen by its name."""
        from nni_core.plugin_kinds import favourite

        names = self._plugins.names(kind)
        default = favourite(kind, names) or ""
        name = self._given[flag] if flag else default
        if name is None and self._ask:
            name = click.prompt(question, default=default, type=click.Choice(names, case_sensitive=False))
        return self._plugins.resolve(kind, name or default)


def _relative(file: Path, directory: Path) -> Path:
    import os

    return Path(os.path.relpath(file, directory))


def refuse_to_overwrite(file: Path, *, force: bool) -> None:
    """:raises ConflictError, NotFoundError: when there is such a file, or no directory for it."""
    if file.exists() and not force:
        raise ConflictError(
            Problem(
                code="NNI577",
                message=f"there is '{file}' already, and nothing was written",
                help="name another file, or write over it with --force",
            )
        )
    if not file.parent.is_dir():
        raise NotFoundError(
            Problem(code="NNI578", message=f"there is no directory '{file.parent}'", help="make it first: mkdir -p")
        )


def write_file(file: Path, text: str) -> None:
    """:raises MachineError: when it cannot be written."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError(Problem(code="NNI533", message=f"cannot write '{file}': {error.strerror}")) from error


def _check(file: Path, plugins: PluginRegistry) -> None:
    """Say at once what there is to say about the config; a command that is not there, most likely."""
    from nni_core.cli.messages import warn
    from nni_core.client.starting import checked_config

    warn(checked_config(file, plugins).warnings)
