"""NNI's training services that are not part of this project: a plugin may serve each, under its old name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nni_core.config.codes import ConfigCode
from nni_core.config.wording import label, quoted
from nni_core.errors import KeyPath, Problem
from nni_core.model import Json

#: several training services at once: the list is the plugin's to read
HYBRID = "hybrid"
#: the plugin's key for that list, when a config has it directly under ``training_service``
SERVICES = "training_services"

#: platform -> where its trials run
_PLATFORMS = {
    "remote": "machines that are reached by SSH",
    "openpai": "a cluster of OpenPAI",
    "aml": "Azure Machine Learning",
    "dlc": "Alibaba's Deep Learning Containers",
    "kubeflow": "Kubernetes with Kubeflow",
    "frameworkcontroller": "Kubernetes with FrameworkController",
    "adl": "Kubernetes with AdaptDL",
    HYBRID: "several training services at once",
}
_OTHER_NAMES = {"pai": "openpai"}

#: what the registry says of a name that no plugin offers
_NOT_OFFERED = frozenset({"NNI402", "NNI403"})


def known_platform(name: str) -> str | None:
    """NNI's own spelling of a platform that is not part of this project; None for every other name."""
    folded = name.strip().lower()
    folded = _OTHER_NAMES.get(folded, folded)
    return folded if folded in _PLATFORMS else None


def distribution_of(platform: str) -> str:
    """The name that a distribution which serves a platform should have."""
    return f"nni-service-{platform}"


def absent_platform(name: str, problem: Problem, installed: Sequence[str]) -> Problem:
    """What the registry said, or better words when it is about a platform that NNI has and nobody here offers."""
    platform = known_platform(name)
    if platform is None or problem.code not in _NOT_OFFERED:
        return problem
    return Problem(
        code=ConfigCode.PLATFORM_ABSENT,
        message=f"no installed plugin serves the platform {quoted(name)}: {_PLATFORMS[platform]}",
        help=f"it is for a plugin {distribution_of(platform)} to serve; {_installed(installed)}",
        key_path=problem.key_path,
    )


def absent_hybrid(services: Sequence[Json], path: KeyPath, installed: Sequence[str]) -> Problem:
    """Several training services at once, and no plugin that runs them."""
    names = [_platform(service) for service in services]
    platforms = [known_platform(name) for name in names]
    needed = [HYBRID, *sorted({one for one in platforms if one})]
    plugins = " and ".join(distribution_of(platform) for platform in needed)
    message = f"{label(path)} is a list of {len(services)}, and running several at once needs a plugin"
    return Problem(
        code=ConfigCode.SEVERAL_SERVICES,
        message=message,
        help=f"keep one of them, or install {plugins}; {_installed(installed)}",
        key_path=path,
    )


def _platform(service: Json) -> str:
    if isinstance(service, Mapping):
        return next((str(value) for key, value in service.items() if key.lower() == "platform"), "")
    return str(service)


def _installed(names: Sequence[str]) -> str:
    return f"installed: {', '.join(names)}" if names else "no training service is installed"
