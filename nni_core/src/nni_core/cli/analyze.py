"""``nnictl analyze``: which parameters matter, and which of their values do well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.tables import cell, json_option, print_json, print_table

#: characters of the longest bar
_BAR = 20


@click.command()
@experiment_argument
@click.option("--objective", metavar="NAME", help="One of several objectives; the first when left out.")
@click.option("--parameter", metavar="NAME", help="Show results by the values of one parameter.")
@json_option()
def analyze(experiment_id: str | None, objective: str | None, parameter: str | None, as_json: bool) -> None:
    """Tell which parameters matter, and which of their values do well.

    Works on experiments that run and on those that have ended. A parameter matters by how other its values are among
    the best tenth of the results.
    """
    from nni_core.client.reading import read

    query = "" if objective is None else f"?objective={quote(objective, safe='')}"
    document = read(chosen_experiment(experiment_id), f"/api/v1/analysis{query}")
    if as_json:
        print_json(document)
    elif parameter is None:
        _show(document)
    else:
        _show_levels(document, parameter)


def _show(document: Mapping[str, Any]) -> None:
    budget = "" if document["budget"] is None else f" with budget {document['budget']:g}"
    click.echo(f"{document['count']} results{budget}; '{document['objective']}' is to be {document['direction']}d")
    click.echo()
    rows = [
        {
            "parameter": effect["name"],
            "importance": f"{100 * effect['importance']:.0f} %",
            " ": "▇" * round(_BAR * effect["importance"]),
            "correlation": _signed(effect["correlation"]),
            "does best": _best(document, effect),
        }
        for effect in document["effects"]
    ]
    columns = ["parameter", "importance", " ", "correlation", "does best"]
    print_table(columns, rows, empty="no parameter has more than one value", numbers=("importance", "correlation"))
    if document["correlations"]:
        click.echo()
        others = [{"metric": name, "correlation": _signed(one)} for name, one in document["correlations"].items()]
        print_table(["metric", "correlation"], others, empty="", numbers=("correlation",))
    if document["front"]:
        front, volume = document["front"]["trials"], document["front"]["volume"]
        share = "" if volume is None else f"; they surpass {100 * volume:.0f} % of the box of all results"
        click.echo()
        click.echo(f"Pareto set: trials {', '.join(map(str, front))}{share}")


def _show_levels(document: Mapping[str, Any], parameter: str) -> None:
    from nni_core.errors import NotFoundError, Problem, nearest

    effects = {effect["name"]: effect for effect in document["effects"]}
    if parameter not in effects:
        close = nearest(parameter, effects)
        advice = f"did you mean {close!r}?" if close else f"the parameters are: {', '.join(effects)}"
        raise NotFoundError(Problem(code="NNI579", message=f"there is no parameter {parameter!r}", help=advice))
    rows = [
        {"value": _where(level), "results": level["count"], **{key: level[key] for key in ("mean", "median", "best")}}
        for level in effects[parameter]["levels"]
    ]
    columns = ("value", "results", "mean", "median", "best")
    print_table(columns, rows, empty="it was active in no result", numbers=columns[1:])


def _best(document: Mapping[str, Any], effect: Mapping[str, Any]) -> str:
    """The values with the best results in the middle."""
    choose = max if document["direction"] == "maximize" else min
    return _where(choose(effect["levels"], key=lambda level: level["median"])) if effect["levels"] else ""


def _where(level: Mapping[str, Any]) -> str:
    if level["low"] is None:
        return cell(level["value"])
    return cell(level["low"]) if level["low"] == level["high"] else f"{level['low']:.4g} to {level['high']:.4g}"


def _signed(correlation: float | None) -> str:
    return "" if correlation is None else f"{correlation:+.2f}"
