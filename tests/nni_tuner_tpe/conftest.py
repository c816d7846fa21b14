"""The tuners of this distribution."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest

from nni_core.api import Tuner

#: by name in the config
TUNERS = {
    "TPE": "nni_tuner_tpe.tpe:TpeTuner",
    "TPE_legacy": "nni_tuner_tpe.hyperopt_tuner:HyperoptTpeTuner",
    "Anneal": "nni_tuner_tpe.hyperopt_tuner:HyperoptAnnealTuner",
}


@pytest.fixture(params=TUNERS)
def any_tuner(request: pytest.FixtureRequest) -> Callable[..., Tuner]:
    """The class of each of the three tuners."""
    module, name = TUNERS[request.param].split(":")
    tuner: Callable[..., Tuner] = getattr(importlib.import_module(module), name)
    return tuner
