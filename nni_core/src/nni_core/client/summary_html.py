"""An experiment in a few lines of HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from nni_core.client.summaries import ExperimentSummary


def summary_html(summary: ExperimentSummary, urls: Iterable[str]) -> str:
    """A table of what there is to know at a glance, and a bar when it is known how many trials there will be.

    Everything in it is escaped: names and reasons are the user's own words.
    """
    rows = [
        ("status", escape(f"{summary.status} {summary.reason}".strip())),
        ("trials", _trials(summary)),
        ("best", _best(summary)),
        ("portal", " ".join(f'<a href="{escape(url)}">{escape(url)}</a>' for url in urls)),
        ("folder", f"<code>{escape(summary.directory)}</code>"),
    ]
    title = f"{escape(summary.name)} <code>{escape(summary.id)}</code>" if summary.name else escape(summary.id)
    cells = "".join(f"<tr><th style='text-align:left'>{name}</th><td>{cell}</td></tr>" for name, cell in rows if cell)
    return f"<div><b>Experiment {title}</b><table>{cells}</table></div>"


def _trials(summary: ExperimentSummary) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in summary.counts.items())
    bar = ""
    if summary.max_trial_number:
        bar = f"<progress value='{summary.finished}' max='{summary.max_trial_number}'></progress> "
    return f"{bar}{escape(summary.progress)}{f' ({escape(counts)})' if counts else ''}"


def _best(summary: ExperimentSummary) -> str:
    return "" if summary.best is None else f"{summary.best:.6g} (trial {summary.best_trial})"
