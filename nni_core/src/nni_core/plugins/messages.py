"""What a user is told when a name cannot be resolved: who is to blame, and what to type next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from nni_core.errors import Problem, nearest
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins.codes import PluginCode
from nni_core.plugins.entry import Source
from nni_core.plugins.specs import Offer

#: what our own distributions offer, for the user who has not installed them
OURS: tuple[tuple[str, PluginKind, tuple[str, ...]], ...] = (
    ("nni-tuner-tpe", PluginKind.TUNER, ("TPE", "TPE_legacy", "Anneal")),
    ("nni-tuner-multifidelity", PluginKind.TUNER, ("ASHA", "Hyperband", "BOHB", "DEHB", "PBT")),
    ("nni-tuner-gp", PluginKind.TUNER, ("GP", "Metis")),
    ("nni-tuner-classic", PluginKind.TUNER, ("Random", "GridSearch", "Batch", "Evolution", "NSGA2", "QMC", "CMAES")),
    ("nni-tuner-auto", PluginKind.TUNER, ("Auto",)),
    ("nni-tuner-optuna", PluginKind.TUNER, ("Optuna",)),
    ("nni-tuner-smac", PluginKind.TUNER, ("SMAC",)),
    ("nni-assessors", PluginKind.ASSESSOR, ("Medianstop", "Percentile", "Patience", "ASHA", "Curvefitting")),
    ("nni-service-local", PluginKind.TRAINING_SERVICE, ("local",)),
    ("nni-sink-jsonl", PluginKind.METRIC_SINK, ("jsonl",)),
    ("nni-web-portal", PluginKind.WEB_APP, ("portal",)),
)
#: the same by kind: name and distribution, what is proposed first at the head
KNOWN: dict[PluginKind, dict[str, str]] = {kind: {} for kind in PluginKind}
for _distribution, _kind, _names in OURS:
    KNOWN[_kind].update(dict.fromkeys(_names, _distribution))


def title(kind: PluginKind) -> str:
    """A kind as a person says it."""
    return kind.value.replace("_", " ")


def unknown(
    kind: PluginKind, distribution: str, name: str, *, installed: Sequence[str], broken: Sequence[Source]
) -> Problem:
    """Nobody offers this name. ``installed`` are the names that are offered, ``broken`` the plugins that may have."""
    known = KNOWN.get(kind, {})
    here = [entry.rpartition(":")[2] for entry in installed]
    suggestion = nearest(name, (*here, *known)) or name
    advice = [] if suggestion.casefold() == name.casefold() else [f"did you mean '{suggestion}'?"]
    advice.append(f"installed: {', '.join(installed)}" if installed else f"no {title(kind)} is installed")
    to_install = _to_install(known, suggestion, here)
    if to_install:
        advice.append(f"run: pip install {' '.join(to_install)}")
    if broken:
        advice.append(f"broken plugins: {', '.join(map(str, broken))}; see nnictl plugins list")
    by = f"by distribution '{distribution}'" if distribution else "by any installed plugin"
    return Problem(
        code=PluginCode.NOT_OFFERED if installed else PluginCode.NONE_INSTALLED,
        message=f"no {title(kind)} '{name}' is offered {by}",
        help="; ".join(advice),
    )


def _to_install(known: Mapping[str, str], name: str, here: Sequence[str]) -> list[str]:
    """The distribution that offers the name; when nothing is installed and the name is unknown, the first."""
    folded = {candidate.casefold() for candidate in here}
    offering = {candidate.casefold(): distribution for candidate, distribution in known.items()}
    wanted = offering.get(name.casefold())
    if wanted is not None:
        return [] if name.casefold() in folded else [wanted]
    return [] if here else list(known.values())[:1]


def clash(kind: PluginKind, name: str, claimants: Sequence[Offer]) -> Problem:
    """Several plugins offer this name."""
    sources = [offer.source for offer in claimants]
    distributions = list(dict.fromkeys(source.distribution for source in sources))
    pick = (
        f"write {' or '.join(f'{distribution}:{name}' for distribution in distributions)}, or uninstall one of them"
        if len(distributions) == len(sources)
        else "uninstall one of them, or switch one off by the name of its entry point in NNI_DISABLED_PLUGINS"
    )
    claimed = " and ".join(f"{source} (entry point {source.name} = {source.value})" for source in sources)
    return Problem(
        code=PluginCode.CLASH, message=f"{title(kind)} '{name}' is offered more than once: by {claimed}", help=pick
    )


def contested(rivals: Mapping[str, Source]) -> str:
    """Why an offer is listed as a clash."""
    return "; ".join(f"'{claim}' is also claimed by {source}" for claim, source in rivals.items())


def broken_offer(offer: Offer) -> Problem:
    """One offer of a plugin cannot be used."""
    return Problem(
        code=PluginCode.BROKEN_OFFER,
        message=f"{title(offer.kind)} '{offer.name}' of {offer.source.title} is broken: {offer.fault}",
        help=f"mend or update '{offer.source.distribution}'" if not offer.source.is_file else "",
    )


def broken_plugin(kind: PluginKind, name: str, problem: Problem) -> Problem:
    """The plugin that was asked for is broken as a whole."""
    return attrs.evolve(problem, message=f"{title(kind)} '{name}' cannot be used: {problem.message}")


def disabled(kind: PluginKind, name: str, source: Source) -> Problem:
    """The plugin that was asked for is switched off."""
    return Problem(
        code=PluginCode.DISABLED,
        message=f"{title(kind)} '{name}' cannot be used: {source.title} is switched off",
        help="take it out of NNI_DISABLED_PLUGINS",
    )


def damaged(source: Source) -> Problem:
    """The metadata of a distribution cannot be read."""
    return Problem(
        code=PluginCode.ENTRY_POINT_FAILS,
        message=f"the installation of {source} is damaged: {source.fault}",
        help=f"run: pip install --force-reinstall --no-deps {source.distribution}",
    )


def not_registered(source: Source, other: str | None, error: Exception) -> Problem:
    """pluggy refused a plugin that our own checks let pass."""
    reason = f"it names the same module as '{other}'" if other else str(error)
    return Problem(code=PluginCode.NOT_REGISTERED, message=f"{source.title} cannot be registered: {reason}")
