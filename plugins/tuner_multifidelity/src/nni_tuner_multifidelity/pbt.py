"""Population-based training.

M. Jaderberg, V. Dalibard, S. Osindero, W. Czarnecki, J. Donahue, A. Razavi, O. Vinyals, T. Green, I. Dunning, K.
Simonyan, C. Fernando, K. Kavukcuoglu: Population Based Training of Neural Networks, arXiv 1711.09846, 2017.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define

from nni_core.api import NoMoreTrialError
from nni_core.model import Direction, Json, Parameters, default_number
from nni_core.space import Choice, Integers, Key, Parameter
from nni_tuner_multifidelity.jobs import BudgetTuner, Job


@define(eq=False, kw_only=True)
class _Member:
    number: int
    parameters: Parameters
    #: steps that have begun
    epoch: int = 0
    #: its latest step, while it has brought a result
    last: Job | None = None
    #: where that step left its checkpoints, for scripts written for NNI
    saved: str | None = None

    @property
    def loss(self) -> float | None:
        """Of its latest step: None before there was one, infinite when that brought nothing."""
        return None if self.last is None else self.last.loss


class PbtTuner(BudgetTuner):
    """Trains a population, a step at a time. Each trial is a step of one member and begins with the checkpoints of its
    former one. When a member's step is over, and it is among the worst, it goes on from the checkpoints of one of the
    best, with that one's parameters changed a little.

    No member waits for another: ranks are those of the moment. More trials at a time than there are members are not
    used.
    """

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        all_checkpoint_dir: str | None = None,
        population_size: int = 10,
        factor: float = 0.2,
        resample_probability: float = 0.25,
        fraction: float = 0.2,
        seed: int | None = None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_multifidelity.arguments.PbtArguments`."""
        super().__init__(optimize_mode, seed)
        self._directory = all_checkpoint_dir or os.environ.get("NNI_CHECKPOINT_DIRECTORY")
        self._size = population_size
        self._factor = factor
        self._resample_probability = resample_probability
        self._replaced = math.ceil(fraction * population_size)
        self._population: list[_Member] = []
        self._ready: deque[_Member] = deque()

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; members outside of it get other parameters for their next step."""
        super().update_search_space(search_space)
        for member in self._population:
            if self.space.contains(member.parameters) is not None:
                member.parameters = self.draw()

    def next_job(self, parameter_id: int) -> Job:
        """The first step of a new member until the population is complete, then the next one of the member that waits
        longest."""
        del parameter_id
        if len(self._population) < self._size:
            member = _Member(number=len(self._population), parameters=self.draw())
            self._population.append(member)
            return self._step(member)
        if not self._ready:
            raise NoMoreTrialError("every member of the population trains")
        return self._step(self._ready.popleft())

    def job_ended(self, job: Job) -> None:
        """The member is ready for its next step."""
        member: _Member = job.place[0]
        member.last, member.saved = job, job.place[2]
        if self.space.contains(job.parameters) is None:
            member.parameters = job.parameters
        self._ready.append(member)

    def job_refused(self, job: Job) -> None:
        """The member makes the step with other parameters."""
        member: _Member = job.place[0]
        member.epoch -= 1
        known = member.last.parameters if member.last else None
        member.parameters = known if known and self.space.contains(known) is None else self.draw()
        self._ready.appendleft(member)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> int:  # type: ignore[override]
        """Go on with a population that was trained elsewhere: steps with the ``save_checkpoint_dir`` that they had, of
        which the last of each member counts. Other results teach nothing here. The answer, which is NNI's, is how many
        steps every member has made."""
        names = [parameter.name for parameter in self.space.top]
        for record in data:
            given = record["parameter"]
            parameters = {name: given[name] for name in names if name in given}
            place, number = _member_and_epoch(given.get("save_checkpoint_dir")), default_number(record["value"])
            if place is not None and number is not None and self.space.contains(parameters) is None:
                self._imported(*place, parameters, self._sign * number, given["save_checkpoint_dir"])
        trained = [member.epoch for member in self._population]
        return min(trained) if len(trained) == self._size else 0

    def _imported(self, number: int, epoch: int, parameters: Parameters, loss: float, saved: str) -> None:
        while len(self._population) <= number < self._size:
            member = _Member(number=len(self._population), parameters=self.draw())
            self._population.append(member)
            self._ready.append(member)
        if number >= self._size or epoch < self._population[number].epoch:
            return
        member = self._population[number]
        member.parameters, member.epoch, member.saved = parameters, epoch + 1, saved
        member.last = Job(parameters=parameters, budget=1, level=epoch, loss=loss)

    def extras(self, job: Job) -> Mapping[str, Json]:
        """Two directories, for scripts written for NNI."""
        _, load, save = job.place
        return {} if save is None else {"load_checkpoint_dir": load, "save_checkpoint_dir": save}

    def _step(self, member: _Member) -> Job:
        source = self._source(member)
        if source is not member:
            member.parameters = self._explored(source.parameters) if source.last else self.draw()
        previous = source.last
        save = None if self._directory is None else str(Path(self._directory) / str(member.number) / str(member.epoch))
        job = Job(
            parameters=member.parameters,
            budget=1,
            level=member.epoch,
            previous=previous.id if previous and previous.id >= 0 else None,
            place=(member, source.saved or save, save),
        )
        member.epoch += 1
        return job

    def _source(self, member: _Member) -> _Member:
        """Whose checkpoints to begin with: its own, or those of one of the best when it is one of the worst."""
        ranked = sorted((one for one in self._population if one.loss is not None), key=lambda one: one.loss or 0.0)
        good = [one for one in ranked if one.loss != math.inf]
        failed = member.loss == math.inf
        if failed and not good:
            return _Member(number=-1, parameters=self.draw())
        is_worst = member in ranked[-self._replaced :] and len(ranked) > 2 * self._replaced - 1
        if not good or not (failed or is_worst):
            return member
        best = [one for one in good[: self._replaced] if one is not member]
        return self._random.choice(best) if best else member

    def _explored(self, parameters: Parameters) -> Parameters:
        """Every parameter a little other, or drawn anew."""
        internal = self.space.internal(parameters)
        changed: dict[Key, float] = {}
        for parameter in self.space.parameters:
            if parameter.is_active_in(changed):
                known = internal.get(parameter.key)
                changed[parameter.key] = self._perturbed(parameter, known)
        return self.space.external(changed)

    def _perturbed(self, parameter: Parameter, known: float | None) -> float:
        domain = parameter.domain
        if known is None or self._random.random() < self._resample_probability:
            return domain.draw(self._random)
        up = self._random.random() < 0.5
        if isinstance(domain, Choice):
            return min(max(int(known) + (1 if up else -1), 0), domain.size - 1)
        value = domain.external(known) * (1 + self._factor if up else 1 - self._factor)
        if isinstance(domain, Integers):
            moved = round(value) - domain.low
            moved = moved if moved != known else int(known) + (1 if up else -1)
            return min(max(moved, 0), domain.size - 1)
        return domain.internal(min(max(domain.external(domain.scale.inward(value)), domain.low), domain.high))


def _member_and_epoch(directory: Json) -> tuple[int, int] | None:
    """What the end of a checkpoint directory says: ``.../<member>/<epoch>``."""
    parts = Path(directory).parts[-2:] if isinstance(directory, str) else ()
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(part.isdecimal() for part in parts) else None
