"""``nnictl simulate``: which tuner would do best, before a trial is run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nni_core.cli.config_option import config_option
from nni_core.cli.tables import json_option, print_json, print_table

if TYPE_CHECKING:
    from nni_core.analysis.surface import Surface
    from nni_core.config import LoadedConfig


@click.command()
@config_option(help_="Config of the experiment to be.")
@click.option("--tuners", metavar="NAMES", help="Names, with commas.  [default: the config's, TPE and Random]")
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    default="synthetic",
    help="`synthetic`, or an experiment whose results the made-up ones are learnt from.  [default: synthetic]",
)
@click.option("--repeats", type=click.IntRange(1, 1000), default=5, help="Runs of each tuner.  [default: 5]")
@click.option("--trials", type=click.IntRange(1, 100_000), help="Trials of a run.  [default: the config's, or 100]")
@click.option("--concurrency", type=click.IntRange(1, 10_000), help="Trials at a time.  [default: the config's]")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of everything random.  [default: 0]")
@json_option()
def simulate(config: Path, tuners: str | None, source: str, as_json: bool, **numbers: int | None) -> None:
    """Compare tuners on made-up trials of the config's search space, without running any.

    Results are those of random smooth functions, or follow those of an earlier experiment. Time is that of a clock of
    its own, on which as many trials run at a time as will. What does best here need not do best on the real thing.
    """
    import attrs

    from nni_core.client.simulating import Plan
    from nni_core.client.simulating import simulate as simulated
    from nni_core.client.starting import checked_config
    from nni_core.config.order import order_problems
    from nni_core.errors import UserError
    from nni_core.experiment.objectives import objectives_of
    from nni_core.model import Direction
    from nni_core.plugins import discover_plugins

    loaded = checked_config(config, discover_plugins())
    canonical = loaded.canonical()
    direction = objectives_of(canonical)[0].direction if source != "synthetic" else Direction.MINIMIZE
    concurrency, lag = numbers["concurrency"] or loaded.config.trial_concurrency, canonical.get("deterministic")
    if never := list(order_problems({"trial_concurrency": concurrency, "deterministic": lag or 0})):
        raise UserError(*never)
    plan = Plan(
        search_space=canonical["searchSpace"],
        direction=direction,
        tuners=_tuners(loaded, tuners, direction),
        surface=_surfaces(canonical, source),
        trials=numbers["trials"] or loaded.config.max_trial_number or 100,
        concurrency=concurrency,
        repeats=numbers["repeats"] or 1,
        seed=numbers["seed"] or 0,
        constraints=canonical.get("constraints", ()),
        initial_points=canonical.get("initialPoints", ()),
        lag=lag or None,
    )
    runs = plan.repeats * len(plan.tuners)
    standings = simulated(plan, lambda done: _progress(done, runs))
    if as_json:
        print_json([attrs.asdict(one) for one in standings])
        return
    at_a_time = "one at a time" if plan.concurrency == 1 else f"{plan.concurrency} at a time"
    click.echo(f"{plan.repeats} simulated runs of {plan.trials} trials, {at_a_time}, on {_what(source)}")
    click.echo("regret: 0 is the best known, 1 a random trial; median and quartiles")
    click.echo()
    marks = [f"after {regret.trials}" for regret in standings[0].regrets]
    rows = [_row(one) for one in standings]
    print_table(["tuner", "mean rank", *marks, "ms a trial"], rows, empty="", numbers=("mean rank", "ms a trial"))


def _tuners(loaded: LoadedConfig, names: str | None, direction: Any) -> Mapping[str, Mapping[str, Any]]:
    """By name: the config's own with its arguments, others with their defaults; all in the same direction."""
    own = loaded.config.tuner
    chosen = [one.strip() for one in names.split(",") if one.strip()] if names else [own.name or "", "TPE", "Random"]
    found: dict[str, Mapping[str, Any]] = {}
    for name in dict.fromkeys(one for one in chosen if one):
        given = own.class_args if own.name and own.name.casefold() == name.casefold() else {}
        kept = {key: value for key, value in given.items() if key not in ("seed", "optimize_mode", "objectives")}
        found[name] = {**kept, **({"optimize_mode": direction.value} if _takes_direction(name) else {})}
    return found


def _takes_direction(name: str) -> bool:
    import attrs

    from nni_core.errors import UserError
    from nni_core.plugin_kinds import PluginKind
    from nni_core.plugins import discover_plugins

    try:
        spec: Any = discover_plugins().resolve(PluginKind.TUNER, name)
    except UserError:
        return False  # the study says so, with the nearest name
    return spec.arguments is not None and "optimize_mode" in attrs.fields_dict(spec.arguments)


def _surfaces(canonical: Mapping[str, Any], source: str) -> Callable[[int], Surface]:
    from nni_core.analysis.surface import SyntheticSurface
    from nni_core.space import SearchSpace

    space = SearchSpace.parse(canonical["searchSpace"])
    if source == "synthetic":
        return lambda seed: SyntheticSurface(space, seed)
    from nni_core.cli.choosing import chosen_experiment
    from nni_core.client.surfaces import learnt_surface

    surface = learnt_surface(chosen_experiment(source), space)
    return lambda _: surface


def _what(source: str) -> str:
    return "made-up functions" if source == "synthetic" else f"what was learnt from experiment {source}"


def _row(one: Any) -> dict[str, Any]:
    regrets = {f"after {r.trials}": f"{r.median:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in one.regrets}
    return {"tuner": one.tuner, "mean rank": f"{one.rank:.1f}", **regrets, "ms a trial": f"{one.cost:.1f}"}


def _progress(done: int, runs: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {runs} runs", nl=done == runs, err=True)
