"""Hill climbing, as an evolution strategy with one parent and one child: the (1+1)-ES with the one-fifth success rule.

The best parameters so far are the *parent*. A suggestion is a *child*: the parent with every number moved by a random
amount and some choices drawn anew. A child that does better becomes the parent. Steps grow after a success and shrink
after a failure, so that in the long run about one child in five succeeds: more would mean that the steps are timid,
fewer that they overshoot. When the steps have become tiny, this hill has been climbed, and another climb starts.

References: I. Rechenberg, Evolutionsstrategie, 1973 (the rule); S. Kern et al., Learning probability distributions in
continuous evolutionary algorithms, Natural Computing 3, 2004 (the rule as a factor for each child, used here).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from hillclimb_tuner.arguments import OptimizeMode
from nni_core.api import Tuner
from nni_core.model import Json, Parameters, default_number
from nni_core.space import Choice, Integers, Key, Numeric, Parameter, SearchSpace, Uniform

#: what a success multiplies the step by; four failures take it back
GROWTH = 1.5
#: steps below this share of a range end a climb
TINY_STEP = 0.002
#: steps above this are as good as drawing anew
LARGEST_STEP = 0.5


class HillClimbTuner(Tuner):
    """See the module. Works on every type of parameter, nested choices included, and with trials that run in parallel:
    their children then share a parent."""

    def __init__(
        self,
        optimize_mode: OptimizeMode = OptimizeMode.MINIMIZE,
        seed: int | None = None,
        start_trials: int = 8,
        first_step: float = 0.2,
    ) -> None:
        self._sign = 1.0 if optimize_mode is OptimizeMode.MINIMIZE else -1.0
        # A generator of its own: after a crash the core gives a new tuner the same calls again, and with the same seed
        # it must come to the same suggestions.
        self._random = random.Random(seed)
        self._start_trials = start_trials
        self._first_step = first_step
        self._start_climb()

    def _start_climb(self) -> None:
        self._parent: Parameters | None = None
        self._parent_loss = float("inf")
        self._step = self._first_step
        self._starts_left = self._start_trials
        #: ids of the children of this climb that have no result yet
        self._children: set[int] = set()

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        self._space = SearchSpace.parse(search_space)
        if self._parent is not None and self._space.contains(self._parent) is not None:
            self._start_climb()

    def generate_parameters(self, parameter_id: int, **_more: Any) -> Parameters:
        if self._parent is None or self._starts_left > 0:
            self._starts_left -= 1
            return self._space.sample(self._random)
        self._children.add(parameter_id)
        return self._child_of(self._parent)

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **_more: Any) -> None:
        better = self._learn(parameters, value)
        if parameter_id in self._children:
            self._children.discard(parameter_id)
            self._adapt_step(better)

    def trial_end(self, parameter_id: int, success: bool, **_more: Any) -> None:
        # Without a result it failed; that says nothing about the length of the step.
        self._children.discard(parameter_id)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        for row in data:
            self._learn(row["parameter"], row["value"])

    def _learn(self, parameters: Parameters, value: Json) -> bool:
        """Whether these parameters are the new parent."""
        number = default_number(value)
        if number is None or self._space.contains(parameters) is not None:
            return False
        if self._sign * number >= self._parent_loss:
            return False
        self._parent, self._parent_loss = parameters, self._sign * number
        return True

    def _adapt_step(self, success: bool) -> None:
        self._step *= GROWTH if success else GROWTH**-0.25
        self._step = min(self._step, LARGEST_STEP)
        if self._step < TINY_STEP:
            self._start_climb()

    def _child_of(self, parent: Parameters) -> Parameters:
        inherited = self._space.internal(parent)
        # One parameter moves for certain: a space of choices alone would often give the parent again.
        certain = self._random.choice(list(inherited))
        child: dict[Key, float] = {}
        for parameter in self._space.parameters:
            if not parameter.is_active_in(child):
                continue
            if parameter.key in inherited:
                child[parameter.key] = self._moved(parameter, inherited[parameter.key], parameter.key == certain)
            else:
                # A choice above it came out differently and made this parameter active: there is nothing to inherit.
                child[parameter.key] = parameter.domain.draw(self._random)
        return self._space.external(child)

    def _moved(self, parameter: Parameter, value: float, certain: bool) -> float:
        domain = parameter.domain
        if isinstance(domain, Choice):
            # Choices have no neighbours: a step is a new draw, and its length is how often that happens.
            return domain.draw(self._random) if certain or self._random.random() < self._step else value
        entry = domain.encode(value) + self._random.gauss(0.0, self._step)
        return domain.decode(_reflected(entry) if _is_bounded(domain) else entry)


def _is_bounded(domain: Integers | Numeric) -> bool:
    return isinstance(domain, Integers) or isinstance(domain.distribution, Uniform)


def _reflected(entry: float) -> float:
    """Back into the unit interval, as far from the border inside as it was outside: clipping would heap children up on
    the border."""
    entry = abs(entry) % 2.0
    return min(entry, 2.0 - entry)
