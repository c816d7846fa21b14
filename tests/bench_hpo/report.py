"""Tables with confidence intervals, and the curves."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import frozen
from tests.bench_hpo.problems import Problem
from tests.bench_hpo.races import Run
from tests.bench_hpo.spaces import drawn
from tests.bench_hpo.yahpo import Surrogate

Array = npt.NDArray[np.float64]
Pair = tuple[str, int]


@frozen(kw_only=True)
class Scale:
    """What is 0 and what is 1 in the regret of a problem."""

    #: the lowest value that anybody has seen
    best: float
    #: the median of random points
    median: float


def scales(problems: Sequence[Problem], runs: Sequence[Run], cache: Path) -> dict[str, Scale]:
    """Of each problem, from random points, which are kept in ``cache``, and from all runs."""
    references: dict[str, list[float]] = json.loads(cache.read_text()) if cache.exists() else {}
    for problem in problems:
        if problem.name not in references:
            random = np.random.default_rng(2024)
            count = 20_000 if isinstance(problem, Surrogate) else 500
            values = problem.values([drawn(problem.space, random) for _ in range(count)])
            references[problem.name] = [float(np.min(values)), float(np.median(values))]
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(references, indent=1))
    found = {}
    for problem in problems:
        lowest, median = references[problem.name]
        seen = [run.best[-1][1] for run in runs if run.problem == problem.name]
        found[problem.name] = Scale(best=min([lowest, *seen]), median=median)
    return found


def regrets(run: Run, scale: Scale) -> Array:
    """After each value: 0 the best known, 1 the median of random points or worse."""
    return np.asarray(np.clip((run.curve - scale.best) / (scale.median - scale.best), 0, 1))


def table(
    runs: Sequence[Run], contestants: Sequence[str], scales: Mapping[str, Scale], marks: Sequence[int], against: str
) -> list[str]:
    """The contestants on the pairs of problem and seed that all of them have run, the best first.

    Intervals are of 95 %, by bootstrap over the problems and then over the seeds of each. What is less than ``against``
    is so on the same problem from the same seed.
    """
    by_contestant = {
        name: {(run.problem, run.seed): run for run in runs if run.contestant == name} for name in contestants
    }
    enough = [
        {pair for pair, run in found.items() if run.count >= marks[-1] and pair[0] in scales}
        for found in by_contestant.values()
    ]
    pairs = sorted(set.intersection(*enough))
    if not pairs:
        return ["Nothing was run by all of them."]
    at = [mark - 1 for mark in marks]
    regret = np.array(
        [[regrets(found[pair], scales[pair[0]])[at] for pair in pairs] for found in by_contestant.values()]
    )
    rank = _ranks(regret)
    samples = _samples(pairs)
    problems = len({problem for problem, _ in pairs})
    heads = [f"regret @{mark}" for mark in marks]
    heads += [f"less than {against} @{mark}" for mark in marks[-2:]]
    heads += [f"rank @{marks[-1]}", f"better, same, worse @{marks[-1]}", "CPU ms a trial, of the last ten"]
    lines = [
        f"Runs of each: {len(pairs)}, on {problems} of the problems.",
        "",
        f"| | {' | '.join(heads)} |",
        "|---" * (len(heads) + 1) + "|",
    ]
    other = contestants.index(against)
    for index in np.argsort(regret.mean(axis=1)[:, -1], kind="stable"):
        name = contestants[index]
        cells = [_with_interval(regret[index, :, mark], samples, 3) for mark in range(len(marks))]
        less = np.round(regret[other] - regret[index], 9)
        cells += ["" if index == other else _with_interval(column, samples, 3) for column in less.T[-2:]]
        cells.append(_with_interval(rank[index, :, -1], samples, 1))
        ahead = less[:, -1]
        won = "" if index == other else f"{(ahead > 0).sum()}, {(ahead == 0).sum()}, {(ahead < 0).sum()}"
        means = np.mean([by_contestant[name][pair].cpu for pair in pairs], axis=0)
        cells += [won, ", ".join(f"{1000 * mean:.3g}" for mean in means)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _ranks(regret: Array) -> Array:
    """Of each contestant among all, for each pair and mark; those who are the same share theirs."""
    rounded = np.round(regret, 9)
    less = (rounded[None] < rounded[:, None]).sum(axis=1)
    same = (rounded[None] == rounded[:, None]).sum(axis=1)
    return np.asarray(1 + less + (same - 1) / 2)


def _samples(pairs: Sequence[Pair], count: int = 2000) -> npt.NDArray[np.int_]:
    """Which pairs each of the samples of the bootstrap has."""
    random = np.random.default_rng(0)
    by_problem: dict[str, list[int]] = {}
    for index, (problem, _) in enumerate(pairs):
        by_problem.setdefault(problem, []).append(index)
    groups = list(by_problem.values())
    most = max(len(group) for group in groups)
    drawn_groups = random.integers(len(groups), size=(count, len(groups)))
    return np.array(
        [
            np.concatenate([random.choice(groups[group], most) for group in drawn_groups_of_one])
            for drawn_groups_of_one in drawn_groups
        ]
    )


def _with_interval(values: Array, samples: npt.NDArray[np.int_], digits: int) -> str:
    low, high = np.quantile(values[samples].mean(axis=1), [0.025, 0.975])
    return f"{values.mean():.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def draw(
    path: Path,
    runs: Mapping[str, Sequence[Run]],
    contestants: Mapping[str, Sequence[str]],
    scales: Mapping[str, Scale],
    titles: Mapping[str, str],
    ours: Collection[str],
) -> None:
    """A panel for each of the titles, by mode: the mean regret of each contestant, dashed where it is not ``ours``."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = sorted({name for mode in titles for name in contestants[mode]}, key=lambda name: (name not in ours, name))
    colours = {name: mpl.colormaps["tab10" if len(names) <= 10 else "tab20"](place) for place, name in enumerate(names)}
    figure, panels = plt.subplots(1, len(titles), figsize=(6 * len(titles), 4.6), squeeze=False)
    for panel, (mode, title) in zip(panels[0], titles.items(), strict=True):
        for name in contestants[mode]:
            curves = [
                regrets(run, scales[run.problem])
                for run in runs[mode]
                if run.contestant == name and run.problem in scales
            ]
            if curves:
                shortest = min(map(len, curves))
                mean = np.mean([curve[:shortest] for curve in curves], axis=0)
                line = "-" if name in ours else "--"
                panel.plot(np.arange(1, shortest + 1), mean, line, label=name, color=colours[name], linewidth=1.4)
        panel.set(title=title, yscale="log", xlabel="epochs" if mode == "epochs" else "trials")
        panel.grid(alpha=0.25)
        panel.legend(fontsize=7)
    panels[0][0].set_ylabel("mean normalised regret")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
    plt.close(figure)
