"""``nnictl doctor``: what is wrong with this machine and installation, with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nni_core.cli.tables import STYLES, cell, json_option, print_json

if TYPE_CHECKING:
    from nni_core.client.diagnosis import Finding

#: rich's names of colours that click has, too
_COLOURS = {"green", "yellow", "red"}


@click.command()
@json_option("Print the findings as a JSON array.")
def doctor(as_json: bool) -> int:
    """Look for what is wrong: Python, plugins, disk, clock, ports, limits, GPUs and experiments left over.

    Each line says ok, warn or fail, and what to do. Exits with 1 when something fails. Nothing is changed.
    """
    import attrs

    from nni_core.client.diagnosis import Health, diagnose

    findings = []
    for finding in diagnose():
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        print_json([attrs.asdict(finding) for finding in findings])
    failed = sum(finding.status is Health.FAIL for finding in findings)
    warned = sum(finding.status is Health.WARN for finding in findings)
    if not as_json:
        click.echo(f"{failed} failed, {warned} to look at" if failed or warned else "nothing is wrong")
    return 1 if failed else 0


def _show(finding: Finding) -> None:
    style = STYLES.get(finding.status, "")
    status = click.style(f"{finding.status:<4}", fg=style if style in _COLOURS else None)
    click.echo(f"{status}  {finding.check:<11}  {cell(finding.message)}")
    if finding.fix:
        click.echo(f"{'':19}fix: {cell(finding.fix)}")
