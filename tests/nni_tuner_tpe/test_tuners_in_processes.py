"""The tuners in Python processes of their own: reproducible across them, and light where they ought to be."""

from __future__ import annotations

import os
import subprocess
import sys

STORY = """
import json
from nni_core.testing.spaces import EVERYTHING
from nni_tuner_tpe.tpe import TpeTuner
from nni_tuner_tpe.hyperopt_tuner import HyperoptAnnealTuner, HyperoptTpeTuner
nni = TpeTuner(seed=5, tpe_args={"multivariate": False})
for tuner in (TpeTuner(seed=5), nni, HyperoptTpeTuner(seed=5), HyperoptAnnealTuner(seed=5)):
    tuner.update_search_space(EVERYTHING)
    for parameter_id in range(40):
        parameters = tuner.generate_parameters(parameter_id)
        if parameter_id % 5:
            tuner.receive_trial_result(parameter_id, parameters, parameter_id * 37 % 11)
        print(json.dumps(parameters))
"""


def run(program: str, **environment: str) -> str:
    """What a program prints in a fresh Python."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout


def test_a_seed_means_the_same_in_every_process() -> None:
    """Whatever order sets and dicts of texts have there; and not a warning on the way."""
    first, second = run(STORY, PYTHONHASHSEED="0"), run(STORY, PYTHONHASHSEED="1")
    assert len(first.splitlines()) == 160
    assert first == second


def test_tpe_brings_numpy_and_nothing_like_it() -> None:
    """Its process has to stay small: no scipy, no hyperopt, no pandas."""
    loaded = set(run("import sys, nni_tuner_tpe.tpe; print(*sys.modules)").split())
    assert "numpy" in loaded
    assert loaded.isdisjoint({"scipy", "hyperopt", "pandas", "networkx", "sklearn"})
