"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

_TUNERS = (
    TunerSpec(
        name="Random",
        summary="independent draws from the search space",
        implementation="nni_tuner_classic.random_search:RandomTuner",
        arguments="nni_tuner_classic.arguments:RandomArguments",
    ),
    TunerSpec(
        name="GridSearch",
        summary="every combination of a grid that gets finer and finer",
        implementation="nni_tuner_classic.grid_search:GridSearchTuner",
        arguments="nni_tuner_classic.arguments:GridSearchArguments",
    ),
    TunerSpec(
        name="Batch",
        summary="the parameter sets of a list, one after the other",
        implementation="nni_tuner_classic.batch:BatchTuner",
        arguments="nni_tuner_classic.arguments:BatchArguments",
        aliases=("BatchTuner",),
    ),
    TunerSpec(
        name="Evolution",
        summary="the better of two is changed in one place, the worse is forgotten",
        implementation="nni_tuner_classic.evolution:EvolutionTuner",
        arguments="nni_tuner_classic.arguments:EvolutionArguments",
    ),
    TunerSpec(
        name="NSGA2",
        summary="a population that moves towards the whole Pareto front, for several objectives",
        implementation="nni_tuner_classic.nsga2:Nsga2Tuner",
        arguments="nni_tuner_classic.arguments:Nsga2Arguments",
        aliases=("NSGA-II", "NSGAII"),
    ),
    TunerSpec(
        name="QMC",
        summary="points spread more evenly than random ones (scrambled Sobol sequence)",
        implementation="nni_tuner_classic.qmc:QmcTuner",
        arguments="nni_tuner_classic.arguments:QmcArguments",
    ),
    TunerSpec(
        name="CMAES",
        summary="covariance matrix adaptation, for numbers, whole numbers and choices (the cmaes library)",
        implementation="nni_tuner_classic.cma_es:CmaesTuner",
        arguments="nni_tuner_classic.arguments:CmaesArguments",
        aliases=("CMA-ES",),
    ),
)


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """Random, GridSearch, Batch, Evolution, NSGA2, QMC and CMAES."""
    return _TUNERS
