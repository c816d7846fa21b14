"""``nnictl completion``: the script that completes nnictl in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes nnictl in a shell.

    bash: eval "$(nnictl completion bash)" in ~/.bashrc; zsh the same in ~/.zshrc; fish: nnictl completion fish | source
    """
    kind = get_completion_class(shell)
    root = context.find_root().command
    if kind is not None:
        click.echo(kind(root, {}, "nnictl", "_NNICTL_COMPLETE").source())
