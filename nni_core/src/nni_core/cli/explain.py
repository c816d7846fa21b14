"""``nnictl explain``: what an error code means."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nni_core.client.catalogue import Explanation

_WIDTH = 100


@click.command()
@click.argument("code", metavar="[CODE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def explain(code: str | None, as_json: bool) -> None:
    """Say what an error code means, what causes it and how to mend it: nnictl explain NNI305.

    Without a code every one is listed.
    """
    import attrs

    from nni_core.cli.tables import print_json
    from nni_core.client.catalogue import explanation, listed_codes

    if code is None:
        listed = listed_codes()
        if as_json:
            print_json([attrs.asdict(one) for one in listed])
        else:
            click.echo("\n".join(f"{one.code}  {one.meaning}" for one in listed))
        return
    found = explanation(code)
    if as_json:
        print_json(attrs.asdict(found))
    else:
        click.echo(_text(found))


def _text(found: Explanation) -> str:
    parts = [f"{found.code}: {found.meaning}", f"({found.area})"]
    if found.cause:
        parts.append(_paragraph("Cause", found.cause))
    if found.fix:
        parts.append(_paragraph("Fix", found.fix))
    for title, example in (("Wrong:", found.wrong), ("Right:", found.right)):
        if example:
            parts.append(f"{title}\n{textwrap.indent(example.rstrip(), '    ')}")
    parts.append(f"Documentation: {found.page}")
    return "\n\n".join(parts)


def _paragraph(title: str, text: str) -> str:
    return textwrap.fill(f"{title}: {' '.join(text.split())}", _WIDTH)
