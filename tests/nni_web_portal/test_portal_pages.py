"""Every page with every kind of experiment, as a browser shows it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import Portal
from .fake_experiment import BEGIN, FakeExperiment, digits_experiment

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "plugins" / "web_portal" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

OVER = {"started_at": BEGIN + 500, "ended_at": BEGIN + 4500}


def empty() -> FakeExperiment:
    return FakeExperiment(name=None)


def one_trial() -> FakeExperiment:
    experiment = FakeExperiment()
    experiment.add({"lr": 0.1}, final=0.5, intermediates=[0.5], **OVER)
    return experiment


def only_failures() -> FakeExperiment:
    experiment = FakeExperiment(state="ERROR", reason="every trial failed; see the first one's stderr")
    for _ in range(3):
        experiment.add({"lr": 0.1}, state="FAILED", exit_code=1, message="exit code 1: boom", **OVER)
    return experiment


def not_finite() -> FakeExperiment:
    experiment = FakeExperiment()
    for value in ({"$float": "nan"}, {"$float": "-inf"}, {"default": {"$float": "inf"}, "loss": 1.5}, 0.25):
        experiment.add({"lr": {"$float": "inf"}}, final=value, intermediates=[None, 1.0, None], **OVER)
    return experiment


def nested() -> FakeExperiment:
    layer = {
        "_type": "choice",
        "_value": [{"_name": "none"}, {"_name": "conv", "k": {"_type": "randint", "_value": [1, 9]}}],
    }
    experiment = FakeExperiment(space={"layer": layer})
    experiment.add({"layer": {"_name": "none"}}, final=0.1, **OVER)
    experiment.add({"layer": {"_name": "conv", "k": 5}}, final=0.2, **OVER)
    return experiment


def wide() -> FakeExperiment:
    experiment = FakeExperiment()
    for number in range(30):
        experiment.add({f"parameter_{at:03}": at * 0.1 + number for at in range(200)}, final=number / 7, **OVER)
    return experiment


def weighed(*objectives: tuple[str, str]) -> FakeExperiment:
    """Results with several objectives, of which large models have less error and take longer."""
    experiment = FakeExperiment(
        optimize_mode="minimize", objectives=[{"name": name, "direction": direction} for name, direction in objectives]
    )
    for number in range(40):
        size = (number * 17 % 40 + 1) / 40
        error = 0.02 + 0.3 * (1 - size) ** 2 + number * 13 % 7 / 60
        final = {"default": error, "error": error, "seconds": 5 + 60 * size + number % 5, "speed": 90 - 80 * size}
        experiment.add({"size": size}, final=final, **OVER)
    return experiment


TWO = [("error", "minimize"), ("seconds", "minimize")]


def two_objectives() -> FakeExperiment:
    return weighed(*TWO)


#: keys of a result, named like what the page of a trial says by itself
OF_ANY_NAME = ("final", "latest", "reports", "attempt", "exit code", "signal")


def keys_of_any_name() -> FakeExperiment:
    experiment = FakeExperiment()
    experiment.add({"lr": 0.1}, final={"default": 5, "note": "warm start", **dict.fromkeys(OF_ANY_NAME, 1)}, **OVER)
    return experiment


def huge() -> FakeExperiment:
    experiment = FakeExperiment(space={"lr": {"_type": "uniform", "_value": [0, 1]}})
    for number in range(30):
        experiment.add({"lr": number / 30}, final=10.0 ** (number * 10), intermediates=[1e-320, 1e308], **OVER)
    experiment.add({"lr": 1.0}, final=sys.float_info.max, **OVER)
    return experiment


def long_names() -> FakeExperiment:
    words = ["x" * 300, "y"]
    experiment = FakeExperiment(space={"w" * 300: {"_type": "choice", "_value": words}})
    for number in range(3):
        experiment.add({"w" * 300: words[number % 2], "lr": 0.000123456}, final=number / 7, **OVER)
    return experiment


KINDS = [
    empty,
    one_trial,
    two_objectives,
    only_failures,
    not_finite,
    nested,
    wide,
    keys_of_any_name,
    huge,
    long_names,
    digits_experiment,
]


@pytest.mark.parametrize("make", KINDS)
def test_every_page_shows_every_kind_of_experiment(portal: Portal, make: Callable[[], FakeExperiment]) -> None:
    """No experiment leaves a page blank, reports an error, leaves the origin or breaks the policy."""
    visit = portal(make())
    page = visit.open()
    expect(page.get_by_label("state of the experiment")).to_contain_text("Best")
    expect(page.get_by_label("history of results")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(len(visit.api.experiment.trials) + 1))
    for trial in visit.api.experiment.trials[:4]:
        visit.open(f"trials/{trial.id}")
        expect(page.get_by_role("heading", name=f"Trial #{trial.sequence_id}", exact=True)).to_be_visible()
        expect(page.get_by_label("intermediate results", exact=True)).to_contain_text("intermediate result")


def test_what_is_not_finite_is_named(portal: Portal) -> None:
    """NaN and infinities are shown as such, and charts skip them."""
    visit = portal(not_finite())
    page = visit.open(f"trials/{visit.api.experiment.trials[0].id}")
    expect(page.get_by_label("course of the trial")).to_contain_text("NaN")
    expect(page.get_by_label("parameters", exact=True)).to_contain_text("∞")
    expect(page.get_by_label("intermediate results", exact=True)).to_contain_text("2 not finite")


def test_nested_parameters_lie_in_their_ranges(portal: Portal) -> None:
    """A parameter of a branch is shown under its branch, against the branch's own range."""
    visit = portal(nested())
    page = visit.open(f"trials/{visit.api.experiment.trials[1].id}")
    row = page.get_by_role("row").filter(has_text="layer/k")
    expect(row).to_contain_text("randint 1 … 9")


def test_every_key_of_a_result_is_shown(portal: Portal) -> None:
    """On the page of the trial, whatever it is called and whatever it holds; the table has columns for numbers only."""
    visit = portal(keys_of_any_name())
    page = visit.open(f"trials/{visit.api.experiment.trials[0].id}")
    facts = page.get_by_label("course of the trial")
    expect(facts).to_contain_text("warm start")
    for key in OF_ANY_NAME:
        expect(facts).to_contain_text(f"metric:{key}")
    visit.open("trials")
    expect(page.get_by_role("columnheader", name="exit code")).to_be_visible()
    expect(page.get_by_role("columnheader", name="note")).to_have_count(0)


def test_the_title_names_the_trial_as_the_page_does(portal: Portal) -> None:
    """By its number, not by its id."""
    visit = portal(one_trial())
    page = visit.open(f"trials/{visit.api.experiment.trials[0].id}")
    expect(page).to_have_title("Trial #0 · digits · NNI")


def test_a_failed_trial_opens_on_its_traceback(portal: Portal) -> None:
    """On stderr, unless that is empty or the user has picked the other."""
    experiment = only_failures()
    loud, quiet = experiment.trials[:2]
    loud.stdout, loud.stderr, quiet.stdout = b"epoch 1", b"Traceback", b"all in one"
    visit = portal(experiment)
    page = visit.open(f"trials/{loud.id}")
    expect(page.locator("#log-panel")).to_have_text("Traceback")
    page.get_by_role("tab", name="stdout").click()
    expect(page.locator("#log-panel")).to_have_text("epoch 1")
    page.reload()
    expect(page.locator("#log-panel")).to_have_text("epoch 1")
    visit.open(f"trials/{quiet.id}")
    expect(page.locator("#log-panel")).to_have_text("all in one")
    visit.open(f"trials/{quiet.id}?log=stderr")
    expect(page.locator("#log-panel")).to_have_text("The trial wrote nothing here.")


def test_what_is_over_promises_nothing(portal: Portal) -> None:
    """An experiment that has failed will bring no first result, nor a tenth."""
    visit = portal(only_failures())
    page = visit.open()
    expect(page.get_by_label("top trials")).to_contain_text("No trial has a result")
    expect(page.get_by_text("will appear here")).to_have_count(0)
    visit.api.experiment.state = "RUNNING"
    visit.api.experiment.touch()
    expect(page.get_by_label("top trials")).to_contain_text("will appear here")


def test_trials_that_were_stopped_early_are_counted(portal: Portal) -> None:
    """Where there are any."""
    experiment = digits_experiment()
    amount = sum(trial.state == "EARLY_STOPPED" for trial in experiment.trials)
    strip = portal(experiment).open().get_by_label("state of the experiment")
    expect(strip.get_by_role("link", name="early stopped")).to_have_text(f"early stopped{amount}")
    strip = portal(one_trial()).open().get_by_label("state of the experiment")
    expect(strip).to_contain_text("failed")
    expect(strip).not_to_contain_text("early stopped")


def test_failures_are_told_once_each(portal: Portal) -> None:
    """Equal messages of failed trials are one line with their number; why the experiment ended stands at its state."""
    page = portal(only_failures()).open()
    expect(page.get_by_label("messages and errors")).to_contain_text("exit code 1: boom")
    expect(page.get_by_label("messages and errors")).to_contain_text("× 3")
    expect(page.get_by_label("state of the experiment")).to_contain_text("every trial failed")


def test_what_matters_is_shown(portal: Portal) -> None:
    """Every parameter with its share, and the results by the values of the one that is chosen."""
    experiment = digits_experiment()
    experiment.tuner_remark = "GP: 100 trials are few enough"
    page = portal(experiment).open()
    expect(page.get_by_label("state of the experiment")).to_contain_text("GP: 100 trials are few enough")
    card = page.get_by_label("importance of parameters")
    expect(card.get_by_role("button").first).to_contain_text("%")
    names = [text.split()[0] for text in card.get_by_role("button").all_inner_texts()]
    assert set(names) == set(experiment.space)
    card.get_by_role("button").last.click()
    expect(card.get_by_role("region", name=f"results by {names[-1]}")).to_be_visible()
    expect(card.get_by_role("button").last).to_have_attribute("aria-pressed", "true")


def test_the_pareto_set_is_shown(portal: Portal) -> None:
    """Where there are several objectives, as a chart and a table, and it changes with the trials."""
    visit = portal(two_objectives())
    page = visit.open()
    expect(page.get_by_label("state of the experiment")).to_contain_text("Best error")
    expect(page.get_by_label("history of results")).to_contain_text("error")
    card = page.get_by_label("Pareto set", exact=True)
    expect(card).to_contain_text("40 results")
    rows = card.get_by_role("region", name="trials of the Pareto set").get_by_role("row")
    before = rows.count()
    assert 2 < before < 30
    visit.api.experiment.add({"size": 0}, final={"default": 0, "error": 0, "seconds": 0}, **OVER)
    expect(card).to_contain_text("1 trial that no other surpasses")
    expect(rows).to_have_count(2)
    rows.last.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Trial #40", exact=True)).to_be_visible()


def test_of_many_objectives_two_are_chosen(portal: Portal) -> None:
    """The choice stands in the address."""
    page = portal(weighed(*TWO, ("speed", "maximize"))).open()
    card = page.get_by_label("Pareto set", exact=True)
    card.get_by_role("combobox", name="across").select_option("speed")
    expect(card).to_contain_text("higher is better")
    assert "across=speed" in page.url
    card.get_by_role("combobox", name="up").select_option("speed")
    expect(card.get_by_role("combobox", name="across")).to_have_value("error")
    assert "up=speed" in page.url


def test_an_objective_may_be_called_trial(portal: Portal) -> None:
    """Its number stands beside that of the trial, where the pointer rests."""
    experiment = FakeExperiment(objectives=[{"name": name, "direction": "minimize"} for name in ("error", "trial")])
    experiment.add({"lr": 0.1}, final={"default": 0.5, "trial": 7}, **OVER)
    page = portal(experiment).open()
    card = page.get_by_label("Pareto set", exact=True)
    expect(card).to_contain_text("1 result;")
    card.get_by_role("img").hover()
    expect(card.locator(".tip")).to_contain_text("#0")


@pytest.mark.parametrize(("scale", "height"), [("", 0.85), ("?y=log", 0.5), ("?y=best", 0.85)])
def test_the_largest_numbers_have_a_chart(portal: Portal, scale: str, height: float) -> None:
    """It is drawn at once, with points in it."""
    page = portal(huge()).open(scale)
    chart = page.get_by_label("history of results")
    expect(chart).to_contain_text("31 results")
    box = chart.get_by_role("img").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * height)
    expect(chart.locator(".tip")).to_be_visible()


def test_long_names_stay_in_their_place(portal: Portal) -> None:
    """They are cut, with the whole as a title, and numbers stay in sight."""
    visit = portal(long_names())
    page = visit.open()
    card = page.get_by_label("top trials")
    expect(card.get_by_title("w" * 300)).to_be_visible()
    assert card.get_by_role("region").evaluate("table => table.scrollWidth <= table.clientWidth")
    page = visit.open(f"trials/{visit.api.experiment.trials[0].id}")
    expect(page.get_by_title("x" * 300)).to_be_visible()
    values = page.get_by_label("values of the parameters")
    assert values.evaluate("list => list.scrollWidth <= list.clientWidth")
    number = values.get_by_role("row").filter(has_text="0.00012346").bounding_box()
    assert number is not None
    assert number["height"] < 40


def test_one_objective_has_no_pareto_set(portal: Portal) -> None:
    """Nothing is said of one; without a name of its own it is the value."""
    page = portal(digits_experiment()).open()
    expect(page.get_by_label("state of the experiment")).to_contain_text("Best value")
    expect(page.get_by_label("history of results")).to_be_visible()
    expect(page.get_by_label("Pareto set", exact=True)).to_have_count(0)


def test_few_results_do_not_matter_yet(portal: Portal) -> None:
    """It takes ten; the card says so."""
    page = portal(one_trial()).open()
    expect(page.get_by_label("importance of parameters")).to_contain_text("With ten results")


def test_texts_of_trials_stay_texts(portal: Portal) -> None:
    """Names, values, messages and output that look like markup are shown, never run."""
    payload = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>{{7*7}}"
    experiment = FakeExperiment(name=payload, reason=payload)
    experiment.notes.append({"timestamp": BEGIN, "level": "error", "message": payload, "trial_id": None})
    trial = experiment.add({payload: payload}, state="FAILED", message=payload, **OVER)
    trial.stdout = payload.encode()
    visit = portal(experiment)
    for path in ("", "trials?cols=message", f"trials/{trial.id}"):
        page = visit.open(path)
        expect(page.get_by_text("onerror=").first).to_be_visible()
        assert page.evaluate("document.querySelectorAll('img, #app script').length") == 0
        assert page.title() != "owned"
    expect(page.locator("#log-panel")).to_have_text(payload)


@pytest.mark.parametrize("path", ["", "trials", "trials/{id}"])
def test_a_telephone_needs_no_sideways_scroll(portal: Portal, path: str) -> None:
    """At 390 pixels the page is as wide as the screen, also with 200 parameters."""
    visit = portal(wide(), width=390)
    page = visit.open(path.format(id=visit.api.experiment.trials[0].id))
    expect(page.get_by_text("live").first).to_be_attached()
    expect(page.locator("main section").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_light_and_dark_follow_the_system_and_the_user(portal: Portal) -> None:
    """The system's scheme holds until the user picks another; the pick survives a reload."""
    visit = portal(one_trial(), scheme="dark")
    page = visit.open()
    dark = background(page)
    page.get_by_role("button", name="theme: as the system").click()
    expect(page.get_by_role("button", name="theme: light")).to_be_visible()
    light = background(page)
    page.reload()
    expect(page.get_by_role("button", name="theme: light")).to_be_visible()
    assert background(page) == light != dark


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_bars_the_way_for_anybody(portal: Portal, scheme: str) -> None:
    """axe-core finds no violation on any page, nor in the dialogs."""
    if not AXE.exists():
        pytest.fail("axe-core is missing: npm ci in plugins/web_portal/frontend")
    visit = portal(digits_experiment(), scheme=scheme)
    trial = visit.api.experiment.trials[-1]
    for path in ("", "trials", f"trials/{trial.id}"):
        page = visit.open(path)
        expect(page.locator("main section").first).to_be_visible()
        assert violations(page) == []
    page.get_by_role("button", name="End trial").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({violations}) => violations)")
    return [f"{item['id']}: {node['html'][:200]}" for item in found for node in item["nodes"]]


def test_ten_thousand_trials_are_usable_at_once(portal: Portal) -> None:
    """History and table are painted soon, and the table holds only the rows in sight."""
    visit = portal(digits_experiment(10_000, 4))
    began = time.perf_counter()
    page = visit.open()
    expect(page.get_by_label("history of results")).to_contain_text("results, best")
    overview = time.perf_counter() - began
    began = time.perf_counter()
    page = visit.open("trials?sort=-value")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "10005")
    table = time.perf_counter() - began
    print(f"10,000 trials: overview {overview:.2f} s, table {table:.2f} s from navigation, server and browser together")
    assert page.get_by_role("row").count() < 80
    assert max(overview, table) < 10
