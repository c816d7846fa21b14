"""The portal while the experiment goes on: changes arrive, commands leave, addresses hold the view."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from .conftest import Portal, watch
from .fake_experiment import BEGIN, FakeExperiment, digits_experiment

pytestmark = pytest.mark.browser

NO_SHARED_WORKER = "delete globalThis.SharedWorker"
NO_SHARING = f"{NO_SHARED_WORKER}; delete globalThis.BroadcastChannel"


@pytest.mark.parametrize("script", ["", NO_SHARED_WORKER], ids=["shared worker", "leading page"])
def test_changes_reach_all_pages_through_one_stream(portal: Portal, script: str) -> None:
    """Two pages of a browser see a new result without asking, and the manager serves one stream."""
    visit = portal(digits_experiment(5, 1), script=script)
    other = watch(visit.page.context, visit.api, visit.root).page
    pages = [visit.open(), other]
    other.goto(visit.root)
    for page in pages:
        expect(page.get_by_text("live", exact=True)).to_be_visible()
    visit.api.experiment.add({"lr": 0.5}, final=0.99925, started_at=BEGIN, ended_at=BEGIN + 5)
    for page in pages:
        expect(page.get_by_label("state of the experiment")).to_contain_text("0.99925", timeout=30_000)
    assert len(visit.api.experiment.listeners) == 1


def test_a_browser_without_sharing_has_its_own_stream(portal: Portal) -> None:
    """Where pages cannot talk to each other, each is live by itself."""
    visit = portal(FakeExperiment(), script=NO_SHARING)
    page = visit.open()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    visit.api.experiment.add({"lr": 0.5}, final=0.75)
    expect(page.get_by_label("state of the experiment")).to_contain_text("0.75")


def test_a_new_manager_is_noticed(portal: Portal) -> None:
    """When cursors lose their meaning the page reads everything again."""
    visit = portal(digits_experiment(5, 1))
    page = visit.open()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    visit.api.experiment.trials[0].final = 0.99925
    visit.api.experiment.restart("e2")
    expect(page.get_by_label("state of the experiment")).to_contain_text("0.99925", timeout=30_000)


def test_a_lost_manager_is_told_loudly_and_found_again(portal: Portal) -> None:
    """A page that may be out of date says so, says what to do, and goes on by itself when the manager is back."""
    visit = portal(digits_experiment(5, 1))
    page = visit.open()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    visit.api.down.set()
    visit.api.experiment.touch()
    expect(page.get_by_role("alert")).to_contain_text("Manager not reachable, last seen")
    expect(page.get_by_role("alert")).to_contain_text("nnictl resume Kx3mPq8a")
    # Asking while it is away changes nothing; once it is back the page may be faster than any click.
    page.get_by_role("button", name="Try now").click(force=True)
    visit.api.experiment.add({"lr": 0.5}, final=0.99925)
    visit.api.down.clear()
    expect(page.get_by_label("state of the experiment")).to_contain_text("0.99925", timeout=30_000)
    expect(page.get_by_role("alert")).to_have_count(0)
    # the browser itself reports the failed requests
    visit.complaints = [text for text in visit.complaints if "503" not in text]


def test_a_trial_is_followed_live(portal: Portal) -> None:
    """Reports, output and state of a running trial appear as they come; escape sequences do not."""
    visit = portal(digits_experiment(2, 1))
    trial = visit.api.experiment.trials[-1]
    page = visit.open(f"trials/{trial.id}")
    expect(page.locator("#log-panel")).to_contain_text("Using cpu device\nepoch  1", use_inner_text=True)
    expect(page.locator("#log-panel")).not_to_contain_text("[32m")
    visit.api.experiment.report(trial, 0.87654)
    expect(page.get_by_label("intermediate results", exact=True)).to_contain_text("4 intermediate results")
    trial.stdout += "\x1b[31mzwölf – the end\x1b[0m\n".encode()
    expect(page.locator("#log-panel")).to_contain_text("zwölf – the end")
    trial.state, trial.final, trial.ended_at = "SUCCEEDED", 0.9, trial.created_at + 9000
    visit.api.experiment.touch(trial)
    expect(page.get_by_text("succeeded").first).to_be_visible()


def test_a_trial_is_ended_only_after_a_question(portal: Portal) -> None:
    """No kills nothing; yes sends one request."""
    visit = portal(digits_experiment(3, 1))
    trial = visit.api.experiment.trials[-1]
    page = visit.open("trials")
    page.get_by_label(f"end trial #{trial.sequence_id}", exact=True).click()
    page.get_by_role("button", name="Keep it").click()
    assert visit.api.experiment.commands == []
    page.get_by_label(f"end trial #{trial.sequence_id}", exact=True).click()
    page.get_by_role("button", name="End trial", exact=True).click()
    expect(page.get_by_text(f"trial #{trial.sequence_id} is being ended")).to_be_visible()
    expect(page.get_by_role("grid")).to_contain_text("user canceled")
    assert visit.api.experiment.commands == [("POST", f"trials/{trial.id}/kill", {})]


def test_limits_are_changed_and_only_those_changed_are_sent(portal: Portal) -> None:
    """What cannot be is refused at the field; what is sent is in the manager's units."""
    visit = portal(digits_experiment(3, 1))
    page = visit.open()
    page.get_by_role("button", name="Edit limits").click()
    page.get_by_label("Trials at the same time").fill("many")
    expect(page.get_by_text("a whole number, 1 or more")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_label("Trials at the same time").fill("8")
    page.get_by_label("Trials in all").fill("")
    page.get_by_label("Time in all").fill("1h 30m")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("state of the experiment")).to_contain_text("/ 8")
    body = {"trial_concurrency": 8, "max_trial_number": None, "max_experiment_duration": 5400}
    assert visit.api.experiment.commands == [("PATCH", "experiment", body)]


def test_the_experiment_is_stopped_only_after_a_question(portal: Portal) -> None:
    """The question says how many trials end with it."""
    visit = portal(digits_experiment(3, 2))
    page = visit.open()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("2 trials that have not finished")
    page.get_by_role("button", name="Stop experiment").click()
    expect(page.get_by_label("state of the experiment")).to_contain_text("stopping")
    assert visit.api.experiment.commands == [("POST", "experiment/stop", {})]


def test_a_manager_that_was_stopped_from_here_is_not_missed(portal: Portal) -> None:
    """Though no word of its end came through. What is shown stands still: nobody knows what went on."""
    experiment = digits_experiment(3, 0)
    began = int(time.time() * 1000) - 100_000
    experiment.add({"lr": 0.1}, state="RUNNING", created_at=began, started_at=began)
    visit = portal(experiment)
    page = visit.open()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.route("**/api/v1/experiment/stop", lambda route: route.fulfill(status=202))
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Stop experiment").click()
    expect(page.get_by_text("the experiment is stopping")).to_be_visible()
    visit.api.down.set()
    experiment.restart("gone")
    expect(page.get_by_text("The experiment is over and its manager has gone down.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    clocks = [page.get_by_label("running trials"), page.get_by_label("state of the experiment")]
    before = [clock.inner_text() for clock in clocks]
    page.wait_for_timeout(2_500)
    assert [clock.inner_text() for clock in clocks] == before
    visit.complaints = [text for text in visit.complaints if "503" not in text]


def test_an_experiment_that_is_done_may_get_more(portal: Portal) -> None:
    """Its manager waits: for a higher limit, or to be stopped."""
    experiment = digits_experiment(3, 0)
    experiment.state = "DONE"
    visit = portal(experiment)
    page = visit.open()
    page.get_by_role("button", name="Edit limits").click()
    page.get_by_label("Trials in all").fill("500")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("limits changed")).to_be_visible()
    assert visit.api.experiment.commands == [("PATCH", "experiment", {"max_trial_number": 500})]
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_enabled()


def test_a_viewer_may_not_steer(portal: Portal) -> None:
    """Who may only watch sees what is there, with nothing to press."""
    experiment = digits_experiment(3, 2)
    experiment.role = "viewer"
    visit = portal(experiment)
    page = visit.open()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Edit limits")).to_be_disabled()
    visit.open("trials")
    expect(page.get_by_role("grid")).to_contain_text("running")
    expect(page.get_by_label(re.compile("end trial"))).to_have_count(0)


def test_a_view_of_a_stopped_experiment_says_how_to_go_on(portal: Portal) -> None:
    """What cannot be done now is shown with the reason, and with what would make it possible."""
    experiment = digits_experiment(3, 0)
    experiment.role, experiment.state = "viewer", "VIEWED"
    page = portal(experiment).open()
    for name in ("Stop", "Edit limits"):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", re.compile("nnictl resume .* goes on with it"))


@pytest.mark.parametrize("prefix", ["", "/lab/7"])
def test_an_address_holds_the_whole_view(portal: Portal, prefix: str) -> None:
    """Filter, states, order, columns and the chosen trial are in the address; pasting it shows the same."""
    visit = portal(digits_experiment(), prefix=prefix)
    page = visit.open("trials")
    page.get_by_label("filter the trials").fill("lr<0.02 features>=512")
    page.get_by_role("button", name=re.compile("succeeded")).click()
    page.get_by_role("columnheader", name="momentum").click()
    page.get_by_text("Columns").click()
    page.get_by_label("loss").uncheck()
    page.keyboard.press("Escape")
    page.get_by_role("row").nth(3).get_by_role("gridcell").nth(3).click()
    expect(page).to_have_url(re.compile("t=[A-Za-z]{5}"))
    expect(page.get_by_role("grid")).not_to_contain_text("failed")
    seen = page.get_by_role("grid").inner_text()
    again = watch(page.context, visit.api, visit.root).page
    again.goto(page.url)
    expect(again.get_by_role("row", selected=True)).to_have_count(1)
    assert again.get_by_role("grid").inner_text() == seen
    page.go_back()
    expect(page.get_by_role("columnheader", name="loss")).to_be_visible()


def test_the_keyboard_is_enough(portal: Portal) -> None:
    """Go to the trials, filter, move, open, look at the next, come back."""
    visit = portal(digits_experiment(12, 1))
    page = visit.open()
    expect(page.get_by_label("history of results")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("filter the trials")).to_be_focused()
    page.keyboard.type("#>3 #<9")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "6")
    page.keyboard.press("Escape")
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Trial #7")).to_be_visible()
    expect(page.get_by_text("2 of 5 matching")).to_be_visible()
    page.keyboard.press("]")
    expect(page.get_by_role("heading", name="Trial #6")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("row", selected=True)).to_contain_text("6")
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_label("state of the experiment")).to_be_visible()


@pytest.mark.parametrize("inside", [False, True])
def test_escape_closes_the_menu_of_columns_and_nothing_else(portal: Portal, inside: bool) -> None:
    """From its button and from within; the page stays, with its filter, and the button has the keyboard again."""
    page = portal(digits_experiment(12, 1)).open("trials?f=lr<1")
    button = page.get_by_text("Columns", exact=True)
    button.click()
    if inside:
        page.get_by_label("loss").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_label("loss")).to_have_count(0)
    expect(button).to_be_focused()
    expect(page).to_have_url(re.compile(r"/trials\?f="))


def test_what_an_address_asks_in_vain_is_told(portal: Portal) -> None:
    """The order is the usual one, and the head of the table says so."""
    page = portal(digits_experiment(12, 1)).open("trials?sort=-nope")
    expect(page.get_by_text("no column named “nope” to sort by")).to_be_visible()
    expect(page.get_by_role("columnheader", name="#")).to_have_attribute("aria-sort", "descending")


def test_the_table_is_a_grid_for_the_keyboard(portal: Portal) -> None:
    """Arrows move a cell, the head sorts, and rows far away come into being when the cursor goes there."""
    visit = portal(digits_experiment(400, 1))
    page = visit.open("trials?sort=%23")
    grid = page.get_by_role("grid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+End")
    expect(page.get_by_role("row", selected=True)).to_contain_text("400")
    active = grid.get_attribute("aria-activedescendant")
    assert active is not None
    expect(page.locator(f"[id='{active}']")).to_be_in_viewport()
    page.keyboard.press("Control+Home")
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("columnheader", name="value")).to_have_attribute("aria-sort", "descending")


def test_unknown_addresses_are_told(portal: Portal) -> None:
    """A page that is not there is a 404; a trial that is not there is named."""
    visit = portal(digits_experiment(3, 0))
    answer = visit.page.goto(f"{visit.root}nothing")
    assert answer is not None
    assert answer.status == 404
    visit.page.get_by_role("link", name="overview").click()
    expect(visit.page.get_by_label("state of the experiment")).to_be_visible()
    page = visit.open("trials/nope1")
    expect(page.get_by_role("alert")).to_contain_text("There is no such trial")
    visit.open("trials/%E0%A4%A")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    visit.complaints = [text for text in visit.complaints if "404" not in text]
