"""Groups B, D and E of the bad-input corpus, as far as the config can tell: one edit of the tutorial's config each."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import field, frozen


@frozen
class Case:
    id: str
    #: what is replaced in the tutorial's config, and by what; an empty first text appends
    old: str
    new: str
    code: str
    line: int
    column: int
    says: tuple[str, ...] = ()
    fatal: bool = field(default=True, kw_only=True)


COMMAND = "trial_command: python model.py\n"
CONCURRENCY = "trial_concurrency: 2"
NUMBER = "max_trial_number: 10"
TUNER = "tuner:\n  name: TPE\n  class_args:\n    optimize_mode: maximize\n"
SERVICE = "training_service:\n  platform: local\n"
SPACE_END = "_value: [ 0, 1 ]\n"


def concurrency(id_: str, value: str, *says: str) -> Case:
    return Case(id_, CONCURRENCY, f"trial_concurrency: {value}", "NNI203", 15, 20, ("whole number ≥ 1", *says))


def duration(id_: str, value: str, *says: str) -> Case:
    return Case(id_, "", f"max_experiment_duration: {value}", "NNI203", 25, 26, ("duration", *says))


def added(id_: str, line: str, code: str, column: int, *says: str, fatal: bool = True) -> Case:
    return Case(id_, "", line, code, 25, column, says, fatal=fatal)


def argument(id_: str, line: str, code: str, column: int, *says: str) -> Case:
    return Case(id_, "    optimize_mode: maximize", f"    optimize_mode: maximize\n    {line}", code, 22, column, says)


def service(id_: str, line: str, code: str, column: int, *says: str) -> Case:
    return Case(id_, "", f"  {line}", code, 25, column, says)


CASES = [
    Case("B01", COMMAND, "", "NNI201", 1, 1, ("'trial_command' is missing", "trial_command: python model.py")),
    added("B03", "search_space_file: s.json", "NNI204", 1, "'search_space_file'", "'search_space' (line 1)"),
    Case("B04", TUNER, "", "NNI201", 1, 1, ("'tuner' is missing", "Random or TPE")),
    Case("B05", SERVICE, "", "NNI201", 1, 1, ("'training_service' is missing", "{platform: local}")),
    Case("B06", CONCURRENCY, "trial_concurency: 2", "NNI202", 15, 1, ("did you mean 'trial_concurrency'?",)),
    added("B07", "authorName: me", "NNI205", 1, "removed in v2", "delete"),
    added("B08", "trial: {gpuNum: 1}", "NNI205", 1, "NNI v1", "trial_command"),
    added("B09", "searchSpacePath: s.json", "NNI205", 1, "search_space_file"),
    added("B10", "maxExecDuration: 1h", "NNI205", 1, "max_experiment_duration"),
    added("B11", "useAnnotation: true", "NNI206", 16, "not supported", "removed"),
    added("B12", "assessor: {name: Mediastop}", "NNI402", 18, "Medianstop"),
    added("B13", "sharedStorage: {}", "NNI206", 1, "not supported"),
    added("B13-ip", "nniManagerIp: 10.0.0.1", "NNI206", 1, "--host"),
    Case("B14", COMMAND, "trial_command: ' '\n", "NNI203", 12, 16, ("must not be empty",)),
    Case("B15", COMMAND, "trial_command: 5\n", "NNI203", 12, 16, ("text", '"5"')),
    Case("B16", COMMAND, "trial_command: [python, 3]\n", "NNI203", 12, 25, ("'trial_command[1]'", "text")),
    Case("B17", "model.py", "modell.py", "NNI221", 12, 16, ("/code/modell.py", "no file"), fatal=False),
    Case("B18", "python model", "ptyhon model", "NNI222", 12, 16, ("'ptyhon'", "python"), fatal=False),
    concurrency("B19", "0"),
    concurrency("B20", "-1"),
    concurrency("B21", "two", "text 'two'"),
    concurrency("B22", "2.5", "2.5"),
    concurrency("B23", "2.0", "write 2"),
    concurrency("B24", "true", "got true"),
    concurrency("B25", "1e3", "write 1000"),
    concurrency("B27", "null", "nothing"),
    concurrency("quoted", "'2'", "write 2 without quotes"),
    concurrency("list", "[2]", "a list"),
    Case("B26", CONCURRENCY, "trial_concurrency: 1000000", "NNI223", 15, 20, ("cores",), fatal=False),
    Case("B28", NUMBER, "max_trial_number: 0", "NNI203", 16, 19, ("≥ 1",)),
    Case("B29", NUMBER, "max_trial_number: 1", "NNI224", 16, 19, ("trial_concurrency",), fatal=False),
    duration("B30", "1 hour", "write 1h"),
    duration("B31", "'600'", "write 600s"),
    duration("B32", "-5m", "above zero"),
    duration("B34", "12:30", "12h30m"),
    duration("B35", "inf", "leave the line out"),
    duration("B35-float", ".inf", "leave the line out"),
    duration("order", "30m1h"),
    duration("list", "[1h]"),
    Case(
        "B36", NUMBER, "maxTrialDuration: 2h\nmax_experiment_duration: 1h", "NNI225", 16, 19, ("longer",), fatal=False
    ),
    Case("B37", "directory: .", "directory: ./src", "NNI208", 13, 23, ("/code/src", "does not exist")),
    Case("B38", "directory: .", "directory: model.py", "NNI208", 13, 23, ("is a file", "directory")),
    Case("B40", "directory: .", "directory: $HOME/x", "NNI208", 13, 23, ("$HOME", "~")),
    added("B44", f"experiment_name: {'x' * 10_000}", "NNI203", 18, "200"),
    added("B45", 'experiment_name: "a\\nb"', "NNI203", 18, "printable"),
    added("B45-ansi", 'experiment_name: "\\e[31m"', "NNI203", 18, "printable"),
    added("B46", "experiment_working_directory: /", "NNI208", 31, "root"),
    added("B46-file", "experiment_working_directory: model.py", "NNI208", 31, "is a file"),
    added("B47", "experiment_working_directory: runs", "NNI226", 31, "inside", fatal=False),
    added("B48", "log_level: verbose", "NNI203", 12, "fatal, error, warning, info, debug or trace"),
    added("B49", 'debug: "false"', "NNI203", 8, "true or false", "write false"),
    service("B50", "use_active_gpu: yes", "NNI203", 19, "write true"),
    Case("B56", "  platform: local", "  - platform: local", "NNI206", 24, 3, ("a list", "one training service")),
    added("tuner-gpus", "tuner_gpu_indices: [0, 0]", "NNI203", 20, "different"),
    added("nas", "experimentType: nas", "NNI203", 17, "hpo"),
    added("plugin-file", "plugins: [./absent.py]", "NNI409", 11, "absent.py"),
    added("plugins-text", "plugins: ./mine.py", "NNI203", 10, "a list of paths"),
    added("sink-name", "sinks: [{name: nul}]", "NNI402", 16, "'null'"),
    Case("D02", "name: TPE", "name: SMAC", "NNI402", 19, 9, ("'SMAC'", "TPE, Random")),
    Case("D04", "name: TPE", "name: TPE\n  className: a.B", "NNI450", 20, 3, ("'className'", "'name' (line 19)")),
    Case("D05", TUNER, "tuner: {class_name: Mine}\n", "NNI203", 18, 21, ("module.Class",)),
    Case("D06", TUNER, "tuner: {class_name: a.B, code_directory: no}\n", "NNI208", 18, 42, ("does not exist",)),
    argument("D11", "sed: 1", "NNI452", 5, "did you mean 'seed'?"),
    Case("D12", "maximize", "max", "NNI453", 21, 20, ("minimize or maximize", "write maximize")),
    argument("D13", 'seed: "abc"', "NNI453", 11, "whole number ≥ 0"),
    argument("inner", "liar: {weight: 0}", "NNI453", 20, "a number > 0"),
    argument("inner-key", "liar: {wight: 1}", "NNI452", 12, "'weight'"),
    Case("missing-arg", "  class_args:\n    optimize_mode: maximize\n", "", "NNI451", 18, 1, ("'optimize_mode'",)),
    Case("no-args", "name: TPE", "name: Random", "NNI452", 21, 5, ("takes none",)),
    Case("args-list", "class_args:\n    optimize", "class_args: [1]\n#", "NNI203", 20, 15, ("a mapping",)),
    Case("E01", "platform: local", "platform: locl", "NNI402", 24, 13, ("'local'",)),
    service("E03", "gpu_indexes: [0]", "NNI202", 3, "'gpu_indices'"),
    service("E04", 'gpu_indices: "0,1"', "NNI203", 16, "a list of whole numbers"),
    service("item", 'gpu_indices: [0, "1"]', "NNI203", 20, "'gpu_indices[1]'"),
    service("nested", "machineList: [{hst: a}]", "NNI202", 18, "'host'"),
    service("inherited", "trialGpuNumber: -1", "NNI203", 19, "'trialGpuNumber'", "≥ 0"),
    service("service-ip", "nniManagerIp: x", "NNI206", 3, "--host"),
    Case("space", "loguniform", "loguniforme", "NNI307", 6, 12, ("'loguniform'",)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_config_mistake_is_located_and_explained(case: Case, bench: Any, tutorial: str) -> None:
    """One mistake gives one problem with its code, its place, and words that say what to do."""
    assert case.old in tutorial
    text = tutorial.replace(case.old, case.new) if case.old else f"{tutorial}{case.new}\n"
    problems = [problem for problem in bench.problems(text) if problem.code == case.code]
    assert [problem.fatal for problem in problems] == [case.fatal]
    place = problems[0].location
    assert (place.line, place.column) == (case.line, case.column)
    for words in case.says:
        assert words in f"{problems[0].message}\n{problems[0].help}"


ACCEPTED = [
    ("B33", "max_experiment_duration: 1h30m", "max_experiment_duration", 5_400.0),
    ("B31-number", "max_experiment_duration: 600", "max_experiment_duration", 600.0),
    ("fraction", "max_trial_duration: 0.5h", "max_trial_duration", 1_800.0),
    ("upper", "max_trial_duration: 2D", "max_trial_duration", 172_800.0),
    ("null", "max_trial_duration: null", "max_trial_duration", None),
    ("gpus-text", "tuner_gpu_indices: '0, 2'", "tuner_gpu_indices", (0, 2)),
    ("gpus-number", "tunerGpuIndices: 1", "tuner_gpu_indices", (1,)),
    ("folded", "_Debug_: true", "debug", True),
    ("debug-level", "debug: true", "log_level", "debug"),
]


@pytest.mark.parametrize(("line", "name", "value"), [case[1:] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_spelling_is_accepted(line: str, name: str, value: object, bench: Any, tutorial: str) -> None:
    """What NNI accepts and cannot be misunderstood is accepted."""
    assert getattr(bench.load(f"{tutorial}{line}\n").config, name) == value


def test_missing_search_space_names_both_ways(bench: Any, tutorial: str) -> None:
    """B02."""
    text = tutorial[tutorial.index("trial_command") :]
    assert [problem.code for problem in bench.problems(text)] == ["NNI201"]
    assert "'search_space' is missing, and so is 'search_space_file'" in bench.problems(text)[0].message


def test_missing_search_space_file_is_named(bench: Any, tutorial: str) -> None:
    """B43."""
    text = "search_space_file: absent.json\n" + tutorial[tutorial.index("trial_command") :]
    [problem] = bench.problems(text)
    assert (problem.code, problem.location.line, problem.location.column) == ("NNI125", 1, 20)
    assert "/code/absent.json" in problem.message


def test_short_forms_are_accepted(bench: Any, tutorial: str) -> None:
    """B55: text stands for the name of a tuner or the platform of a training service."""
    loaded = bench.load(tutorial.replace(TUNER, "tuner: random\n").replace(SERVICE, "training_service: LOCAL\n"))
    assert (loaded.config.tuner.name, loaded.config.training_service.platform) == ("Random", "local")


def test_unreadable_directory_says_who_owns_it(bench: Any, tutorial: str, folder: Any, monkeypatch: Any) -> None:
    """B39. The tests may run as root, who may read everything: access is what the system says it is."""
    monkeypatch.setattr("os.access", lambda *_: False)
    [problem] = bench.problems(tutorial)
    assert "may not be read: its mode is drwx" in problem.message
    assert "owner" in problem.message


def test_secrets_are_not_repeated(bench: Any, tutorial: str) -> None:
    """Neither the value nor the line of what looks like a password is shown."""
    [problem] = bench.problems(f"{tutorial}  machine_list:\n  - host: a\n    password: 12345\n")
    assert "12345" not in problem.render()
    assert problem.location.line == 27


def test_version_1_file_is_told_every_new_name(bench: Any) -> None:
    """A file of NNI v1 gets one line for each key to change, and nothing else."""
    text = "authorName: me\ntrainingServicePlatform: local\ntrialConcurrency: 1\nmaxExecDuration: 1h\n"
    text += "tuner:\n  builtinTunerName: TPE\ntrial:\n  command: python a.py\n  codeDir: .\n"
    problems = bench.problems(text)
    assert {problem.code for problem in problems} == {"NNI205"}
    assert [problem.location.line for problem in problems] == [1, 2, 4, 6, 7, 8, 9]
    assert problems[3].help == "write name"


def test_all_mistakes_come_at_once_in_order(bench: Any, tutorial: str) -> None:
    """Seven mistakes in seven places are found by one reading."""
    text = (
        tutorial.replace("loguniform", "logunifrm")
        .replace(CONCURRENCY, "trial_concurrency: two")
        .replace(NUMBER, "max_trial_numbr: 10")
        .replace("name: TPE", "name: TPE\n  clas_args: {}")
        .replace("maximize", "max")
        .replace("platform: local", "platform: local\n  gpu_indices: x")
    )
    assert [problem.location.line for problem in bench.problems(f"{text}debug: on\n")] == [6, 15, 16, 20, 22, 26, 27]
