"""Who races, and the environments of those who cannot share ours."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

HERE = Path(__file__).parent


@frozen(kw_only=True)
class Contestant:
    """``served`` is a class in ``contestants/``, ``settings`` are further arguments of it."""

    name: str
    served: str
    settings: Mapping[str, object] = {}
    #: the file in ``requirements/`` that says what its environment has; None: the one of this workspace
    environment: str | None = None
    #: a distribution whose own requirements do not go together any more: installed without them
    without_dependencies: str | None = None
    #: runs only where it is named, because it is slow or large
    on_demand: bool = False

    def python(self, environments: Path) -> Path:
        """The interpreter that it runs in, whose environment is made when there is none."""
        if self.environment is None:
            return Path(sys.executable)
        folder = environments / self.environment
        python = folder / "bin" / "python"
        made = folder / "made"
        if not made.exists():
            print(f"making the environment of {self.name}", flush=True)
            venv.create(folder, with_pip=True, clear=True)
            requirements = HERE / "requirements" / f"{self.environment}.txt"
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "-r", str(requirements)], check=True)
            if self.without_dependencies is not None:
                subprocess.run([*pip, "--no-deps", self.without_dependencies], check=True)
            made.touch()
        return python


def _ours(name: str, tuner: str | None = None, **class_args: object) -> Contestant:
    section = {"name": tuner or name, "class_args": {"optimize_mode": "minimize", **class_args}}
    return Contestant(name=name, served="ours:Ours", settings={"tuner": section})


def _optuna(name: str, served: str = "optuna_samplers:Sampler", **settings: object) -> Contestant:
    return Contestant(name=name, served=served, settings=settings, environment="optuna")


def _named(*contestants: Contestant) -> dict[str, Contestant]:
    return {contestant.name: contestant for contestant in contestants}


#: whole trainings, one at a time or eight at a time
WHOLE = _named(
    _ours("Random"),
    _ours("TPE"),
    _ours("GP"),
    _ours("Auto"),
    _ours("CMAES"),
    _ours("Evolution"),
    _optuna("Optuna TPE"),
    _optuna("Optuna TPE, as up to 4", options={"multivariate": False, "group": False, "constant_liar": False}),
    Contestant(name="hyperopt TPE", served="hyperopt_tpe:Tpe", environment="hyperopt"),
    Contestant(name="NNI 3.0 TPE", served="nni_tpe:Tpe", environment="nni"),
    Contestant(name="cmaes", served="cmaes_cube:Cube", environment="cmaes"),
    Contestant(
        name="Optuna GP",
        served="optuna_samplers:Sampler",
        settings={"sampler": "GPSampler"},
        environment="optuna_gp",
        on_demand=True,
    ),
    Contestant(name="SMAC3", served="smac_facade:Smac", environment="smac", on_demand=True),
    Contestant(
        name="HEBO",
        served="hebo_optimizer:Hebo",
        environment="hebo",
        without_dependencies="HEBO==0.3.6",
        on_demand=True,
    ),
    Contestant(name="Ax", served="ax_client:Ax", environment="ax", on_demand=True),
)
_RUNGS = {"min_budget": 2, "max_budget": 52, "eta": 3}
#: trainings that may end early
EPOCHS = _named(
    _ours("ASHA with GP", "ASHA", proposer="GP", **_RUNGS),
    _ours("ASHA with TPE", "ASHA", proposer="TPE", **_RUNGS),
    _ours("BOHB with GP", "BOHB", proposer="GP", **_RUNGS),
    _ours("BOHB", **_RUNGS),
    _ours("Hyperband", R=52, eta=3),
    _ours("DEHB", **_RUNGS),
    _optuna("Optuna HyperbandPruner", "optuna_samplers:Pruner", pruner="HyperbandPruner"),
    _optuna("Optuna SuccessiveHalvingPruner", "optuna_samplers:Pruner", pruner="SuccessiveHalvingPruner"),
    _optuna("Optuna MedianPruner", "optuna_samplers:Pruner", pruner="MedianPruner"),
    _optuna("Optuna without a pruner", "optuna_samplers:Pruner", pruner="NopPruner"),
)
