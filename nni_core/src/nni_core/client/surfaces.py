"""A surface from the results of an experiment."""

from __future__ import annotations

from nni_core.analysis import Result
from nni_core.analysis.surface import LearntSurface
from nni_core.client.export_rows import full_rows
from nni_core.client.reading import read
from nni_core.errors import ConflictError, Problem
from nni_core.experiment.objectives import objectives_of
from nni_core.folders import ExperimentFolder
from nni_core.space import SearchSpace


def learnt_surface(folder: ExperimentFolder, space: SearchSpace) -> LearntSurface:
    """What trials of a search space would have brought, by those of an experiment that succeeded.

    :raises ConflictError: when too few of them lie in the search space.
    """
    direction = objectives_of(read(folder, "/api/v1/nni/experiment")["params"])[0].direction
    names = {parameter.name for parameter in space.top}
    results: list[Result] = []
    durations: list[float] = []
    for row in full_rows(folder, intermediate=False):
        if row["status"] == "SUCCEEDED" and row["metric"] is not None:
            parameters = {name: value for name, value in row["parameter"].items() if name in names}
            results.append(Result(parameters=parameters, number=row["metric"], others={}))
            durations.append(max(row["duration"] or 0.0, 0.001))
    try:
        return LearntSurface(space, results, durations, direction)
    except ValueError as error:
        message = f"nothing can be learnt from experiment {folder.id}: {error}"
        raise ConflictError(Problem(code="NNI583", message=message, help="take --from synthetic")) from None
