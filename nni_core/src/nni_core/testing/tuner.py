"""What every tuner must do. Subclass :class:`TunerContract` and override its fixture ``tuner``."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import pytest

from nni_core.api import NoMoreTrialError, Proposal, Tuner
from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace
from nni_core.testing.spaces import EVERYTHING, FINITE, SPACES, Space

#: makes a new tuner from a seed, not yet told of a search space
TunerFactory = Callable[[int], Tuner]


class Session:
    """A tuner as the core treats it: suggestions are checked, results given, and all of it can be told again."""

    def __init__(self, tuner: Tuner, search_space: Space) -> None:
        self.tuner = tuner
        self.suggested: list[Parameters] = []
        self.take(search_space)

    def take(self, search_space: Space) -> None:
        """Set the search space, or change it."""
        self.space = SearchSpace.parse(search_space)
        self.tuner.update_search_space(search_space)

    def ask(self) -> tuple[int, Parameters]:
        """One suggestion with its id, which lies in the search space."""
        parameter_id = len(self.suggested)
        proposal = Proposal.of(self.tuner.generate_parameters(parameter_id))
        parameters = proposal.parameters
        problem = self.space.contains(parameters)
        assert problem is None, f"suggestion {parameters!r} lies outside the search space: {problem.message}"
        self.suggested.append({**parameters, **proposal.extras})
        return parameter_id, parameters

    def tell(self, parameter_id: int, value: Json, *, success: bool = True) -> None:
        """The result of a trial, and its end."""
        trial = f"trial{parameter_id}"
        parameters = self.suggested[parameter_id]
        self.tuner.receive_trial_result(parameter_id, parameters, value, customized=False, trial_job_id=trial)
        self.tuner.trial_end(parameter_id, success, trial_job_id=trial)

    def fail(self, parameter_id: int) -> None:
        """The end of a trial that reported nothing."""
        self.tuner.trial_end(parameter_id, False, trial_job_id=f"trial{parameter_id}")

    def run(self, values: Sequence[Json]) -> list[Parameters]:
        """One trial after the other, with these results; the answer is what was suggested, in plain types."""
        parameters: list[Parameters] = []
        for value in values:
            parameter_id, suggestion = self.ask()
            self.tell(parameter_id, value)
            parameters.append(self.space.normalised(suggestion))
        return parameters


def results(count: int) -> list[float]:
    """Results that look like those of trials: finite, scattered, the same every time."""
    source = random.Random(20)  # noqa: S311 - not a secret
    return [source.uniform(0.0, 1.0) for _ in range(count)]


def _assert_same(one: Sequence[Parameters], other: Sequence[Parameters]) -> None:
    # Written out, because pytest explains the asserts of test files only.
    for position, (left, right) in enumerate(zip(one, other, strict=True)):
        assert left == right, f"suggestion {position} is {left!r} at one time and {right!r} at the other"


class TunerContract:
    """``tuner`` answers with a function that makes a new tuner from a seed. A tuner that cannot search every type of
    parameter names those it can under ``types``; ``search_space`` is then to be overridden too.

    Results are finite numbers, or dicts with a finite ``default``: the core gives a tuner nothing else.
    """

    #: the types of parameters that the tuner can search; ``nested`` for nested choices
    types: ClassVar[Sequence[str]] = tuple(SPACES)

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        raise NotImplementedError("override this fixture")

    @pytest.fixture
    def search_space(self) -> Space:
        """The space of most tests: one parameter of each type."""
        return EVERYTHING

    @pytest.mark.parametrize("type_", SPACES)
    def test_suggestions_lie_in_the_space(self, tuner: TunerFactory, type_: str) -> None:
        """For each type of parameter: before the first result, and long after."""
        if type_ not in self.types:
            pytest.skip(f"the tuner does not search {type_}")
        session = Session(tuner(1), SPACES[type_])
        for value in results(40):
            try:
                parameter_id, _ = session.ask()
            except NoMoreTrialError:
                assert session.space.size is not None, "the tuner gave up on an endless space"
                break
            session.tell(parameter_id, value)
        assert session.suggested, "the tuner suggested nothing at all"

    def test_a_seed_makes_it_reproducible(self, tuner: TunerFactory, search_space: Space) -> None:
        """Two tuners with one seed and the same results suggest the same, whatever others draw from ``random``."""
        first = Session(tuner(7), search_space).run(results(30))
        random.seed(12345)
        second = Session(tuner(7), search_space).run(results(30))
        _assert_same(first, second)

    def test_the_shared_random_generator_is_left_alone(self, tuner: TunerFactory, search_space: Space) -> None:
        """A tuner draws from a generator of its own."""
        before = random.getstate()
        Session(tuner(3), search_space).run(results(10))
        assert random.getstate() == before, "the tuner drew from, or seeded, the shared generator of ``random``"

    def test_replay_goes_on_where_it_was(self, tuner: TunerFactory, search_space: Space) -> None:
        """A new tuner that is given the same calls goes on as the old one would have."""

        def story(session: Session) -> None:
            ids = [session.ask()[0] for _ in range(12)]
            for parameter_id, value in zip(reversed(ids[:9]), results(9), strict=True):
                session.tell(parameter_id, value)
            session.fail(ids[10])

        old, new = Session(tuner(5), search_space), Session(tuner(5), search_space)
        story(old)
        story(new)
        _assert_same(old.run(results(10)), new.run(results(10)))

    def test_trials_may_be_pending(self, tuner: TunerFactory, search_space: Space) -> None:
        """Suggestions do not wait for results, and results come in any order."""
        session = Session(tuner(2), search_space)
        pending = [session.ask()[0] for _ in range(25)]
        for parameter_id in reversed(pending):
            session.tell(parameter_id, 1.0 / (parameter_id + 1))
        session.run(results(5))

    def test_several_can_be_asked_for_at_once(self, tuner: TunerFactory, search_space: Space) -> None:
        """No more sets than ids, each of them in the space."""
        instance = tuner(2)
        instance.update_search_space(search_space)
        suggested = instance.generate_multiple_parameters([0, 1, 2, 3])
        space = SearchSpace.parse(search_space)
        assert 0 < len(suggested) <= 4, f"{len(suggested)} parameter sets for 4 ids"
        offered = [Proposal.of(one).parameters for one in suggested]
        outside = [problem.message for parameters in offered if (problem := space.contains(parameters))]
        assert outside == [], f"suggestions lie outside the search space: {outside}"

    def test_a_finite_space_is_survived(self, tuner: TunerFactory) -> None:
        """Asked for more than there is, a tuner repeats itself, which the core mends, or says that nothing is left."""
        session = Session(tuner(4), FINITE)
        try:
            session.run(results(30))
        except NoMoreTrialError:
            assert session.suggested, "the tuner gave up before it suggested anything"

    def test_failing_trials_are_survived(self, tuner: TunerFactory, search_space: Space) -> None:
        """Trials that end without a result, all of them at first, do not stop a tuner."""
        session = Session(tuner(6), search_space)
        for _ in range(25):
            session.fail(session.ask()[0])
        session.run(results(5))

    def test_a_result_of_a_failed_trial_is_taken(self, tuner: TunerFactory, search_space: Space) -> None:
        """A trial may report its result and fail all the same."""
        session = Session(tuner(6), search_space)
        for value in results(25):
            session.tell(session.ask()[0], value, success=False)
        session.ask()

    def test_results_may_be_dicts(self, tuner: TunerFactory, search_space: Space) -> None:
        """The ``default`` of a dict counts, exactly as if it had come alone."""
        alone = Session(tuner(8), search_space).run(results(25))
        inside = Session(tuner(8), search_space).run([{"default": value, "size": 3} for value in results(25)])
        _assert_same(alone, inside)

    @pytest.mark.parametrize("values", [[0.5], [0, 1], [1e300, -1e300], [5e-324, -0.0]], ids=repr)
    def test_any_finite_result_is_taken(self, tuner: TunerFactory, search_space: Space, values: list[float]) -> None:
        """All results equal, whole numbers, the largest and the smallest there are."""
        Session(tuner(9), search_space).run(values * (30 // len(values)))

    def test_unknown_keyword_arguments_are_accepted(self, tuner: TunerFactory, search_space: Space) -> None:
        """Later versions of the core may say more."""
        session = Session(tuner(1), search_space)
        proposal = Proposal.of(session.tuner.generate_parameters(0, of_a_later_version=1))
        parameters = {**proposal.parameters, **proposal.extras}
        session.tuner.generate_multiple_parameters([1], of_a_later_version=1)
        session.tuner.receive_trial_result(0, parameters, 0.5, customized=False, of_a_later_version=1)
        session.tuner.trial_end(0, True, of_a_later_version=1)

    def test_customized_trials_are_taken(self, tuner: TunerFactory, search_space: Space) -> None:
        """Results of parameters that the tuner never suggested, if it says that it accepts them."""
        session = Session(tuner(1), search_space)
        if not session.tuner.accepts_customized_trials():
            pytest.skip("the tuner does not accept customized trials")
        for parameter_id in range(1000, 1005):
            parameters = session.space.sample(random.Random(parameter_id))  # noqa: S311 - not a secret
            session.tuner.receive_trial_result(parameter_id, parameters, 0.5, customized=True, trial_job_id="user")
            session.tuner.trial_end(parameter_id, True, trial_job_id="user")
        session.run(results(5))

    def test_data_is_imported_or_refused(self, tuner: TunerFactory, search_space: Space) -> None:
        """Imported results are learnt from, or NotImplementedError says that they cannot be."""
        session = Session(tuner(1), search_space)
        source = random.Random(3)  # noqa: S311 - not a secret
        data: list[Mapping[str, Json]] = [
            {"parameter": session.space.sample(source), "value": value} for value in (0.25, {"default": 0.75})
        ]
        try:
            session.tuner.import_data(data)
        except NotImplementedError:
            pytest.skip("the tuner does not import data")
        session.run(results(25))

    def test_the_space_may_change(self, tuner: TunerFactory, search_space: Space) -> None:
        """After a change suggestions lie in the new space, and results of trials from the old one are still taken."""
        session = Session(tuner(1), search_space)
        session.run(results(25))
        pending, _ = session.ask()
        smaller = dict(list(search_space.items())[: max(1, len(search_space) // 2)])
        session.take(smaller)
        session.tell(pending, 0.5)
        session.run(results(3))
        session.take(search_space)
        session.run(results(3))
