"""Runs races that were not run yet, and writes what all of them show. ``--help`` tells more."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from attrs import frozen
from tests.bench_hpo import line_up, report
from tests.bench_hpo.problems import SETS, Problem, problem
from tests.bench_hpo.races import MODES, ONE_THREAD, Results, run_all

ROOT = Path(__file__).parents[2]
#: for each mode: the sets of problems that have a table, after how much they are looked at, and beside whom
_REPORTED = {
    "sequential": (("development", "kept-back", "learning"), (25, 50, 100), "Optuna TPE"),
    "async8": (("development", "kept-back", "learning"), (25, 50, 100), "Optuna TPE"),
    "epochs": (("epochs",), (130, 260, 650, 1300, 2600), "Optuna HyperbandPruner"),
}
_HEADINGS = {
    "development": "Surrogates, development",
    "kept-back": "Surrogates, kept back",
    "learning": "Real trainings",
    "epochs": "Surrogates with epochs",
}
_TITLES = {"sequential": "one trial at a time", "async8": "eight at a time", "epochs": "trainings that may end early"}
#: who stands beside a contestant that runs on demand
_BESIDE = ("GP", "TPE", "Optuna TPE")


@frozen(kw_only=True)
class Options:
    """What was asked for."""

    modes: Sequence[str]
    problems: Sequence[str]
    contestants: Sequence[str]
    seeds: int
    evaluations: int
    yahpo: Path | None
    jobs: int
    environments: Path
    results: Results
    write: Path | None


@frozen(kw_only=True)
class Job:
    """A contestant on a problem, and the seeds that are missing."""

    mode: str
    contestant: str
    problem: str
    seeds: list[int]


def main() -> int:
    """Exit 1 when a contestant has failed."""
    options = _options()
    jobs = list(_jobs(options))
    for contestant in {job.contestant: _line_up(job.mode)[job.contestant] for job in jobs}.values():
        contestant.python(options.environments)
    failed = 0
    os.environ.update(ONE_THREAD)
    with ProcessPoolExecutor(options.jobs) as pool:
        running = {pool.submit(_run, job, options): job for job in jobs}
        for count, done in enumerate(as_completed(running), 1):
            job, error = running[done], done.exception()
            failed += error is not None
            outcome = "" if error is None else f" FAILED: {error}"
            print(f"{count}/{len(jobs)} {job.mode} {job.contestant} {job.problem}{outcome}", flush=True)
    lines = list(_report(options))
    print("\n".join(lines))
    if options.write is not None:
        options.write.mkdir(parents=True, exist_ok=True)
        (options.write / "results.md").write_text("\n".join(lines) + "\n")
    return 1 if failed else 0


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="nox -s bench_hpo --", description=__doc__)
    every = [*line_up.WHOLE, *line_up.EPOCHS]
    usual = [name for name in every if not _anyone(name).on_demand]
    parser.add_argument("--modes", default=",".join(MODES), help="default: %(default)s")
    parser.add_argument(
        "--problems",
        default="development,learning",
        help=f"sets ({', '.join(SETS)}), tasks, or scenario:instance of YAHPO; default: %(default)s",
    )
    parser.add_argument(
        "--contestants", nargs="+", default=usual, choices=every, metavar="NAME", help=f"of {', '.join(every)}"
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--evaluations", type=int, default=100, help="trials of a run (default: 100)")
    parser.add_argument("--yahpo", type=Path, default=os.environ.get("NNI_YAHPO"), help="the folder of yahpo_data")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="races at the same time")
    parser.add_argument("--environments", type=Path, default=ROOT / ".nox" / "bench_hpo_peers")
    parser.add_argument("--results", type=Path, default=ROOT / ".nox" / "bench_hpo_results")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="where tables and curves go: docs/benchmarks")
    given = parser.parse_args()
    modes = given.modes.split(",")
    if unknown := set(modes) - set(MODES):
        parser.error(f"no such mode: {', '.join(unknown)}")
    named = [name for one in given.problems.split(",") for name in SETS.get(one, [one])]
    return Options(
        modes=modes,
        problems=named,
        contestants=given.contestants,
        seeds=given.seeds,
        evaluations=given.evaluations,
        yahpo=given.yahpo,
        jobs=given.jobs,
        environments=given.environments,
        results=Results(given.results),
        write=given.write,
    )


def _line_up(mode: str) -> dict[str, line_up.Contestant]:
    return line_up.EPOCHS if mode == "epochs" else line_up.WHOLE


def _anyone(name: str) -> line_up.Contestant:
    return line_up.WHOLE.get(name) or line_up.EPOCHS[name]


def _jobs(options: Options) -> Iterator[Job]:
    """The seeds of a problem are a job."""
    for mode in options.modes:
        for problem_name in options.problems:
            if mode == "epochs" and not problem_name.startswith("lcbench:"):
                continue  # the others have no epochs
            evaluations = 1 if mode == "epochs" else options.evaluations
            for name in options.contestants:
                if name not in _line_up(mode):
                    continue
                missing = options.results.missing(mode, name, problem_name, options.seeds, evaluations)
                if missing:
                    yield Job(mode=mode, contestant=name, problem=problem_name, seeds=missing)


def _run(job: Job, options: Options) -> None:
    contestant, found = _line_up(job.mode)[job.contestant], problem(job.problem, options.yahpo)
    run_all(job.mode, contestant, found, job.seeds, options.evaluations, options.environments, options.results)


def _report(options: Options) -> Iterator[str]:
    runs = {mode: options.results.runs(mode) for mode in MODES}
    every = [run for found in runs.values() for run in found]
    problems = {name: problem(name, options.yahpo) for name in sorted({run.problem for run in every})}
    scales = report.scales(list(problems.values()), every, options.results.folder / "references.json")
    yield "# Results"
    yield ""
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    yield f"{machine}. How they come about, and how to read them: [](index.md)."
    for set_name in _HEADINGS:
        shown = {mode: name for mode, (sets, _, _) in _REPORTED.items() for name in sets if name == set_name}
        yield from _section(set_name, list(shown), runs, problems, scales, options.write)


def _section(
    set_name: str,
    modes: Sequence[str],
    runs: dict[str, list[report.Run]],
    problems: dict[str, Problem],
    scales: dict[str, report.Scale],
    folder: Path | None,
) -> Iterator[str]:
    """The tables of a set of problems, for each mode in which it was run."""
    of_set = {name: scale for name, scale in scales.items() if name in SETS[set_name]}
    drawn: dict[str, list[str]] = {}
    for mode in modes:
        _, marks, against = _REPORTED[mode]
        there = {run.contestant for run in runs[mode] if run.problem in of_set}
        usual = [name for name, one in _line_up(mode).items() if name in there and not one.on_demand]
        if against not in usual:
            continue
        drawn[mode] = usual
        yield from ("", f"## {_HEADINGS[set_name]}, {_TITLES[mode]}", "")
        yield from report.table(runs[mode], usual, of_set, marks, against)
        for name in (name for name, one in _line_up(mode).items() if name in there and one.on_demand):
            yield from ("", f"### Beside {name}", "")
            yield from report.table(runs[mode], [name, *_BESIDE], of_set, marks, against)
    if drawn and folder is not None:
        titles = {mode: _TITLES[mode] for mode in drawn}
        picture = f"{set_name}.png"
        ours = {name for mode in drawn for name, one in _line_up(mode).items() if one.environment is None}
        report.draw(folder / picture, runs, drawn, of_set, titles, ours)
        yield from ("", f"![{_HEADINGS[set_name]}: mean normalised regret]({picture})")


if __name__ == "__main__":
    sys.exit(main())
