"""Tuners: what decides what trials try, and how it is offered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from attrs import field, frozen

from nni_core.errors import NniError
from nni_core.model import Direction, Json, Parameters, default_number, named_number


class NoMoreTrialError(NniError):
    """Raised by a tuner that has nothing left to suggest. The experiment ends well when its running trials have."""

    def __init__(self, errorinfo: str = "the tuner has nothing left to suggest") -> None:
        super().__init__(errorinfo)
        self.errorinfo = errorinfo


@frozen(kw_only=True)
class Proposal:
    """What a tuner may suggest instead of plain parameters when there is more to say."""

    #: from the search space
    parameters: Parameters
    #: further keys of what the trial gets, which are not of the search space: ``{"TRIAL_BUDGET": 9}``. They come back
    #: with the parameters in ``receive_trial_result``
    extras: Mapping[str, Json] = field(factory=dict)
    #: parameter id of an earlier suggestion: the trial begins with a copy of what that one's left in
    #: ``NNI_CHECKPOINT_DIR``, if it has left anything there
    checkpoints_of: int | None = None

    @classmethod
    def of(cls, suggested: Parameters | Proposal) -> Proposal:
        """A suggestion in either form."""
        return suggested if isinstance(suggested, Proposal) else cls(parameters=suggested)


class Tuner(ABC):
    """Decides what to try. NNI's tuner protocol, made exact.

    A tuner lives in a process of its own, alone with the assessor, and is called from one thread, one call at a time.
    It is built with the ``class_args`` of the config as keyword arguments, then :meth:`update_search_space` is called.

    The calls about one parameter set come in this order, each at most once: ``generate_parameters``, then perhaps
    ``receive_trial_result``, then ``trial_end``. A repeated or unknown id never reaches a tuner. After a crash of its
    process a new tuner is built and given the same calls again, in the same order: a tuner that draws its random
    numbers from its ``seed`` goes on exactly where it was.
    """

    #: True for tuners that keep to NNI's looser contract, :class:`nni.tuner.Tuner`: the search space may be anything,
    #: suggestions are taken as they are, even repeated or outside it, and results are told as they were reported
    free_form: ClassVar[bool] = False
    #: True for tuners that suggest the same parameters again on purpose, with another budget or other checkpoints: all
    #: that they suggest is tried, whatever the config says of duplicates, and no space is ever used up
    repeats: ClassVar[bool] = False

    #: what it does at present and why, in a line for people; ``nnictl experiment show`` and the portal show it. It is
    #: read whenever the tuner has suggested something
    remark: str = ""

    @abstractmethod
    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take the search space, as written in the config and already validated. Called first, and again when the user
        changes it; results received before remain valid."""

    @abstractmethod
    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters | Proposal:
        """Suggest one set of parameters from the search space.

        The core checks that it lies in the space and, on a finite space, that it was not suggested before.

        :raises NoMoreTrialError: when there is nothing to suggest. While trials run that is for now, and the tuner is
            asked again when one of them has ended; without any, the experiment is done.
        """

    def generate_multiple_parameters(
        self, parameter_id_list: Sequence[int], **kwargs: Any
    ) -> Sequence[Parameters | Proposal]:
        """Suggest one set for each id. May return fewer, as if the next had raised :class:`NoMoreTrialError`."""
        suggested: list[Parameters | Proposal] = []
        for parameter_id in parameter_id_list:
            try:
                suggested.append(self.generate_parameters(parameter_id, **kwargs))
            except NoMoreTrialError:
                break
        return suggested

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn the result of a trial: a finite number, or a dict whose ``default`` is one. ``parameters`` is what was
        tried; on a finite space the core may have replaced a repeated suggestion by a point not tried before.

        Keyword arguments: ``customized`` is True for parameters that a user gave; ``trial_job_id``. A trial that an
        assessor stopped teaches its latest intermediate result.
        """

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A trial is over. ``success`` is True when it ended as SUCCEEDED; without a result before it, nothing more
        will be learnt of these parameters. Keyword argument: ``trial_job_id``."""

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere: a list of ``{"parameter": {...}, "value": ...}``.

        :raises NotImplementedError: when the tuner cannot; the user is told.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot import data")

    def accepts_customized_trials(self) -> bool:
        """Whether results of parameters that a user gave are to be sent to :meth:`receive_trial_result`."""
        return True

    def close(self, *, failed: bool) -> None:
        """The last call: the experiment stops, or (``failed``) a call to the tuner or the assessor has raised. Finish
        within a second. A process that is killed has no last call."""


@frozen(kw_only=True)
class TunerSpec:
    """Offers a tuner under a name."""

    #: what ``tuner.name`` says; compared without regard to case
    name: str
    #: one line for ``nnictl plugins list`` and the documentation
    summary: str
    #: ``package.module:Class``, imported only in the tuner's own process
    implementation: str
    #: attrs class of the ``class_args``, or where it is, ``package.module:Class``, so that it is imported only when it
    #: is needed: its fields, types, defaults and validators are checked before anything starts, and the implementation
    #: receives its fields as keyword arguments. None: no arguments are taken. A field ``seed``
    #: that the user leaves out is derived from the experiment's own and kept with it. A field ``objectives``, of type
    #: ``tuple[TunedObjective, ...]``, is filled when the config names several; without it a tuner learns the first. A
    #: field ``max_trial_number`` that the user leaves out is the config's, as it is when the experiment is created.
    #: Each field says what it is in ``metadata={"doc": "..."}``: messages and the JSON schema of the config show it.
    arguments: Any = None
    #: other names, for configs written for other versions
    aliases: Sequence[str] = ()


@frozen(kw_only=True)
class TunedObjective:
    """One of several numbers that a tuner is to optimize together. Results are dicts then and hold each by name; any of
    them may be missing. The first is under ``default`` too, and a plain number is the first."""

    name: str = field(metadata={"doc": "Key of the number in results."})
    direction: Direction = field(converter=Direction, metadata={"doc": "Which way is better."})


def objective_numbers(value: Json, objectives: Sequence[TunedObjective]) -> Sequence[float] | None:
    """The numbers of all objectives in a result, in their order; without objectives, its one number. None when one of
    them is missing or not finite."""
    found = [default_number(value), *(named_number(value, objective.name) for objective in objectives[1:])]
    numbers = [number for number in found if number is not None]
    return numbers if len(numbers) == len(found) else None


@frozen(kw_only=True)
class TunerChoice:
    """Another tuner that a tuner works with, as one of its arguments: a field of this type in the attrs class of the
    ``class_args``. Users write there what they write under ``tuner``: a name, or a mapping with these keys.

    The core checks it as it checks ``tuner``, draws the seed of an installed one, tells it the ``optimize_mode`` of the
    tuner around it, and calls the implementation with the tuner itself, built but without a search space.
    """

    name: str | None = field(default=None, metadata={"doc": "Name of an installed tuner."})
    class_name: str | None = field(default=None, metadata={"doc": "`module.Class` of your own, instead of a name."})
    code_directory: str | None = field(default=None, metadata={"doc": "Where the module of `class_name` lies."})
    class_args: Mapping[str, Any] = field(factory=dict, metadata={"doc": "Arguments of the tuner."})
    #: ``class_args`` in the attrs class of that tuner; filled by the core when a config is read
    arguments: Any = field(default=None, metadata={"derived": True})
