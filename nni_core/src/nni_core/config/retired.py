"""Keys of NNI's first schema that stray into a file of the second, and what became of them.

A whole file of the first schema is recognised by ``trainingServicePlatform``; :mod:`version_1` converts it.
"""

from __future__ import annotations

from collections.abc import Mapping

from nni_core.config.codes import ConfigCode
from nni_core.config.document import folded
from nni_core.config.wording import quoted
from nni_core.errors import KeyPath, Problem
from nni_core.model import Json

_GONE = ""
#: the key by which a file of the first schema is recognised
_PLATFORM = "trainingserviceplatform"

#: folded path of a key of the first schema -> what to write now; empty when nothing replaces it
_VERSION_1: dict[tuple[str, ...], str] = {
    (_PLATFORM,): "training_service: {platform: …}",
    ("authorname",): _GONE,
    ("description",): _GONE,
    ("multithread",): _GONE,
    ("multiphase",): _GONE,
    ("versioncheck",): _GONE,
    ("logcollection",): _GONE,
    ("includeintermediateresults",): _GONE,
    ("maxexecduration",): "max_experiment_duration",
    ("maxtrialnum",): "max_trial_number",
    ("searchspacepath",): "search_space_file",
    ("logdir",): "experiment_working_directory",
    ("trial",): "trial_command, trial_code_directory and trial_gpu_number at the top of the file",
    ("trial", "command"): "trial_command",
    ("trial", "codedir"): "trial_code_directory",
    ("trial", "gpunum"): "trial_gpu_number",
    ("localconfig",): "training_service",
    ("localconfig", "gpuindices"): "gpu_indices under training_service",
    ("localconfig", "maxtrialnumpergpu"): "max_trial_number_per_gpu under training_service",
    ("localconfig", "useactivegpu"): "use_active_gpu under training_service",
    ("machinelist",): "machine_list under training_service",
    ("remoteconfig",): "training_service",
    ("remoteconfig", "reuse"): "reuse_mode under training_service",
    **{(section, f"builtin{section}name"): "name" for section in ("tuner", "assessor", "advisor")},
    **{(section, "codedir"): "code_directory" for section in ("tuner", "assessor", "advisor")},
    **{
        (section, "classfilename"): "class_name: module.Class, without .py"
        for section in ("tuner", "assessor", "advisor")
    },
    ("tuner", "gpuindices"): "tuner_gpu_indices at the top of the file",
}


def is_version_1(data: Mapping[str, Json]) -> bool:
    """Whether a config is written for NNI's first schema. One that has a section of the second for the training service
    is of the second, whatever else it says."""
    keys = {folded(key) for key in data}
    return _PLATFORM in keys and "trainingservice" not in keys


def is_harmless(key: KeyPath, data: Mapping[str, Json]) -> bool:
    """Whether a key of the first schema changes nothing in a file that names its platform in both schemas, and the same
    one: NNI's own test harness writes such files."""
    if len(key) != 1 or folded(str(key[0])) not in {_PLATFORM, "logcollection", "versioncheck"}:
        return False
    section = next((value for name, value in data.items() if folded(name) == "trainingservice"), None)
    platform = section.get("platform") if isinstance(section, Mapping) else section
    repeated = next((value for name, value in data.items() if folded(name) == _PLATFORM), None)
    return isinstance(platform, str) and platform == repeated


def retired_key(path: KeyPath) -> Problem | None:
    """What became of one key; None for a key that no version of NNI had there."""
    names = tuple(folded(str(key)) for key in path)
    if names not in _VERSION_1:
        return None
    new_name = _VERSION_1[names]
    message = f"{quoted(str(path[-1]))} is a key of NNI v1"
    return Problem(
        code=ConfigCode.VERSION_1_KEY,
        message=message if new_name else f"{message} that was removed in v2",
        help=f"write {new_name}" if new_name else "delete it",
        key_path=path,
        at_key=True,
    )
