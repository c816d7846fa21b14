"""An experiment's profile, drawn from its ledger: the same for a running and for a stopped one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nni_core.experiment.control import ExperimentProfile
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.objectives import optimize_mode
from nni_core.model import ExperimentState, Json


def profile_of(
    ledger: Ledger, *, directory: Path, duration: float, state: ExperimentState | None = None
) -> ExperimentProfile:
    """The profile of an experiment as it stands; ``state`` replaces the ledger's (VIEWED, say)."""
    return ExperimentProfile(
        id=ledger.experiment_id,
        name=ledger.config.get("experimentName"),
        state=state or ledger.state,
        reason=ledger.reason,
        config=shown_config(ledger.config),
        optimize_mode=optimize_mode(ledger.config),
        objectives=ledger.terms.objectives,
        goal=ledger.goal or "",
        tuner_remark=ledger.tuner_remark,
        duration=duration,
        started_at=ledger.created_at,
        ended_at=ledger.ended_at,
        directory=directory,
        next_sequence_id=ledger.next_sequence_id,
        revision=ledger.revision,
        version=ledger.version,
    )


def shown_config(config: Mapping[str, Json]) -> Mapping[str, Json]:
    """A config as people may see it: without the values of environment variables that look like passwords."""
    if not config.get("env"):
        return config
    # The room that reads configs takes a tenth of a second to import, and most experiments are shown without it.
    from nni_core.config.environment import shown_environment

    return {**config, "env": shown_environment(config["env"])}
