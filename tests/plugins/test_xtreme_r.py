"""XTREME-R: its suite, and the files that it has beside those of XTREME, scored, put on a board, refused."""

import json
from dataclasses import replace

import pyarrow
import pytest
from click.testing import CliRunner
from xbench_tasks.mewslix import MEWSLIX
from xbench_tasks.xcopa import XCOPA
from xbench_tasks.xtreme_format import XTREME

from tests.conftest import REPOSITORY
from xbench import exchange, imports, registry
from xbench.cell import Cell, Result, Status
from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, MissingDataError, UsageError
from xbench.exports import Choice, export
from xbench.layouts import layouts
from xbench.leaderboard import board
from xbench.planner import build_plan
from xbench.registry import load_registry
from xbench.request import Request, resolve
from xbench.shelf import Shelf
from xbench.submission import score_tree
from xbench.testing import FakePlugin

REGISTRY = load_registry()
MOCK = json.loads((REPOSITORY / "tests" / "plugins" / "xtreme_mock.json").read_text(encoding="utf-8"))["mewslix"]
GOLDEN = 14.39025156130419
SHORT = {task.name: replace(task, counts=lambda *_: None) for task in (XCOPA, MEWSLIX)}
SPOKEN = {
    "xnli": 15, "xcopa": 11, "udpos": 38, "panx": 48, "xquad": 12, "mlqa": 7, "tydiqa": 9, "tatoeba": 41, "mewslix": 11,
    "lareqa": 11,
}  # fmt: skip


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


@pytest.fixture
def mock(tmp_path):
    """The official script's mock data of Mewsli-X: one mention a language."""
    for root in ("predictions", "labels"):
        for language, data in MOCK.items():
            write(tmp_path / root / "mewslix" / f"test-{language}.json", json.dumps(data[root]))
    return tmp_path


def scored(folder, **asked):
    return score_tree(folder / "predictions", XTREME, REGISTRY, folder / "labels", **asked)


def of_suite(name="xtreme-r"):
    """The suite with every task's languages, as a board of it has them."""
    (found,) = [layout.suite for layout in layouts(XTREME, REGISTRY) if layout.suite.name == name]
    return found


def test_the_suite_has_the_tasks_languages_and_groups_of_the_paper():
    suite = of_suite()
    assert {task: len(set(languages)) for task, languages in suite.languages.items()} == SPOKEN
    assert len({language for languages in suite.languages.values() for language in languages}) == 50
    assert suite.members == tuple(SPOKEN)
    assert suite.average == "tasks"
    assert [group for group, tasks in suite.groups.items() if "xcopa" in tasks] == ["classification", "multi_choice"]
    assert {task for tasks in suite.groups.values() for task in tasks} == set(SPOKEN)
    added = {"lt", "pl", "uk", "wo", "ro", "qu", "az", "pa", "gu", "ht"}
    assert not added & {language for languages in of_suite("xtreme").languages.values() for language in languages}


def test_mewslix_of_the_mock_data_has_its_golden_value_to_the_last_bit(mock):
    submission = scored(mock)
    assert submission.suite.name == "xtreme-r"
    report = submission.report()
    assert report.keys() == {"mewslix"}
    assert report["mewslix"]["avg_map@20"] == report["mewslix"]["avg_metric"] == GOLDEN
    assert list(report["mewslix"]["map@20"]) == list(MOCK)
    (task,) = {one.task.main_metric for one in submission.scored}
    assert task == "map@20"


def test_the_command_puts_it_on_a_board_that_says_what_is_lacking(mock, monkeypatch):
    monkeypatch.chdir(mock)
    arguments = ["predictions", "--format", "xtreme", "--labels", "labels", "--name", "theirs"]
    done = CliRunner().invoke(exchange.import_command, [*arguments, "-o", "runs"], catch_exceptions=False)
    assert done.output.startswith("## xtreme-r (source en)")
    assert f"{GOLDEN:.1f}" in done.output
    assert "not computable with the official script" in done.output
    assert "lareqa: no score of theirs imported, for want of every language" in done.output
    assert (mock / "runs" / "xtreme-r" / "README.md").read_text() == done.output
    with pytest.raises(DataError, match="mewslix in 'ar': 1 rows where the official test set has 1,501"):
        export(mock / "runs" / "xtreme-r", XTREME, REGISTRY, Choice(), None)


def test_a_mention_without_ranking_counts_0_and_one_that_is_not_asked_for_nothing(mock):
    gold = {"a": ["Q1"], "b": ["Q2"], "c": ["Q3"]}
    write(mock / "labels" / "mewslix" / "test-de.json", json.dumps(gold))
    given = {"c": ["Q9", "Q3"], "a": [f"Q{rank}" for rank in range(30, 0, -1)], "z": ["Q1"]}
    write(mock / "predictions" / "mewslix" / "test-de.json", json.dumps(given))
    (one,) = [one for one in scored(mock).scored if one.language == "de"]
    assert list(one.scores.items) == [0, 0, 1 / 2]
    assert list(one.scores.totals) == [1, 1, 1]
    assert one.scores.metrics == {"map@20": pytest.approx(100 / 6)}
    text = XTREME.write(SHORT["mewslix"], "de", one.predictions)
    assert json.loads(text) == {id_: given[id_] for id_ in ("a", "c")}


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("predictions/mewslix/test-tr.json", None, "mewslix/test-tr.json: there is no such file; mewslix lacks tr"),
        ("labels/mewslix/test-tr.json", None, "labels: there are no labels of mewslix in tr"),
        ("predictions/mewslix/test-fr.json", "{}", "test-fr.json: xtreme-r has no file of that name here; there are"),
        ("predictions/mewslix/test-tr.tsv", "Q1\n", "test-tr.tsv: xtreme-r has no file of that name here"),
        ("predictions/lareqa/test-tr.json", "{}", "predictions/lareqa: xtreme-r has no such folder; there are xnli, "),
        ("predictions/mewslix/test-tr.json", '{"a": ["Q1",\n', "mewslix/test-tr.json:2: is no JSON, or is cut off"),
        ("labels/mewslix/test-tr.json", '{"a": ["Q1"]', "labels/mewslix/test-tr.json:1: is no JSON, or is cut off"),
        ("predictions/mewslix/test-tr.json", "", "test-tr.json:1: the file is empty"),
        ("predictions/mewslix/test-tr.json", "[]", "test-tr.json:1: an object of ranked ids .* is expected, not list"),
        ("predictions/mewslix/test-tr.json", '{"a": "Q1"}', "the answer to 'a' is 'Q1'; a list of ids is expected"),
        ("predictions/mewslix/test-tr.json", '{"a": [1]}', "an id in the answer to 'a' is 1; a text is expected"),
        ("predictions/mewslix/test-tr.json", '{"a": ["\\ud83d"]}', "answer to 'a' holds half of a surrogate pair"),
        ("predictions/mewslix/test-tr.json", '{"a": ["Q1"]}', "no answer to any of the 1 queries; one is to 'a'"),
        ("labels/mewslix/test-tr.json", '{"a": ["Q1", "Q2"]}', "to 'a' there are 2 right answers; exactly one"),
        ("labels/mewslix/test-tr.json", "{}", "test-tr.json:1: there are no right answers"),
    ],
)
def test_what_does_not_fit_is_refused_by_file(mock, path, text, says):
    if text is None:
        (mock / path).unlink()
    else:
        write(mock / path, text)
    with pytest.raises(DataError, match=says):
        scored(mock)


def test_a_language_may_lack_where_that_is_asked_for(mock):
    (mock / "predictions" / "mewslix" / "test-tr.json").unlink()
    submission = scored(mock, incomplete=True)
    assert submission.remarks == ("mewslix is scored without tr, and has no official average",)
    assert len(submission.scored) == 10


@pytest.mark.parametrize("origin", Origin)
def test_mewslix_says_how_it_is_scored_wherever_it_is_looked_for(origin, tmp_path):
    data = Data(origin, tmp_path if origin is Origin.FOLDER else None)
    says = "xbench import PREDICTIONS --format xtreme --labels LABELS, with mewslix/test-xx.json in both"
    with pytest.raises(MissingDataError, match=says):
        MEWSLIX.available(Split.TEST, data)
    with pytest.raises(MissingDataError, match=says):
        MEWSLIX.load("de", Split.TEST, data)
    with pytest.raises(UsageError, match="no language of mewslix is called 'sw'"):
        MEWSLIX.load("sw", Split.TEST, data)


def test_a_plan_says_so_once_and_runs_the_others():
    request = Request("xtreme-r", ("finetune", "probe"), Data(Origin.SAMPLE))
    plan = build_plan(resolve(request, REGISTRY), Shelf(request.data))
    assert {cell.cell.task for cell in plan.cells} == {"xnli-sample"}
    assert sum(remark.startswith("mewslix is not run") for remark in plan.remarks) == 1
    assert not [skip for skip in plan.skipped if "mewslix" in skip.cell.task]


CHOICES = {"text": ["p"] * 3, "choices": [["a", "b"]] * 3}


def choices(folder, text):
    return XTREME.read(SHORT["xcopa"], write(folder / "test-et.jsonl", text), pyarrow.table(CHOICES)).to_pydict()


def test_choices_are_numbers_in_objects(tmp_path):
    text = '{"label": 1}\n{"label": 0}\n{"label": 1}\n'
    predictions = {"label": ["1", "0", "1"]}
    assert XTREME.path(XCOPA, "et") == "xcopa/test-et.jsonl"
    assert XTREME.write(SHORT["xcopa"], "et", pyarrow.table(predictions)) == text
    for same in (text, text.replace("\n", "\r\n"), text.removesuffix("\n"), text.replace("{", '{"premise": "p", ')):
        assert choices(tmp_path, same) == predictions
    gold = XTREME.labels(SHORT["xcopa"], write(tmp_path / "labels.jsonl", text.replace("0", "1")))
    assert gold.provenance.n_rows == len(gold.inputs) == 3
    assert gold.inputs.column_names == ["text", "choices"]
    given = XTREME.read(SHORT["xcopa"], tmp_path / "test-et.jsonl", gold.inputs)
    assert XCOPA.score(gold.gold, given, "et").metrics == {"accuracy": pytest.approx(200 / 3)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"label": 1}\n', r"jsonl:2: 1 lines for 3 examples: line 2 has no counterpart"),
        ('{"label": 1}\n{"label": "0"}\n', r"jsonl:2: 'label' must be a whole number, not '0'"),
        ('{"label": true}\n', r"jsonl:1: 'label' must be a whole number, not True"),
        ('{"label": 2}\n', r"jsonl:1: the label '2' is none of 0, 1"),
        ('{"choice": 1}\n', r"jsonl:1: there is no 'label'"),
        ('{"label": 1}\n{"label": ', r"jsonl:2: not JSON"),
        ("1\n", r"jsonl:1: a JSON object is expected, not 1"),
    ],
)
def test_choices_that_cannot_be_are_refused_by_file_and_line(tmp_path, text, says):
    with pytest.raises(DataError, match=says):
        choices(tmp_path, text)


def test_real_choices_are_read_again_from_the_file_that_is_made_of_them(shared_data, tmp_path):
    data = Data(Origin.FOLDER, shared_data)
    if "et" not in XCOPA.available(Split.TEST, data):
        pytest.skip("the data have no Estonian part of XCOPA")
    right = XCOPA.load("et", Split.TEST, data)
    file = write(tmp_path / "test-et.jsonl", XTREME.write(XCOPA, "et", right.gold))
    official = shared_data / "xcopa" / "data" / "et" / "test.et.jsonl"
    for one in (file, official):
        predictions = XTREME.read(XCOPA, one, right.inputs)
        assert XCOPA.score(right.gold, predictions, "et").metrics == {"accuracy": 100.0}


SCORES = dict(zip(SPOKEN, (80, 60, 70, 62, 66, 56, 52, 40, 38, 20), strict=True))
GROUPS = {"classification": 70, "multi_choice": 60, "tagging": 66, "qa": 58, "retrieval": pytest.approx(98 / 3)}


def results(suite):
    """A made result of every task and language, by the score of the task."""
    for text in suite.tasks:
        name = text.partition("[")[0]
        task = REGISTRY.find("task", name)
        dataset = {"id": name, "task": name, "split": "test", "origin": "folder", "parallel": False}
        for language in suite.languages[name]:
            values = {"main_metric": task.main_metric, "main_score": SCORES[name], "n_examples": 1}
            about = dataset | {"fingerprint": f"{name} {language}"}
            yield Result(Cell("m", "r", text, "en", language, 0), Status.OK, dataset=about, **values)


def test_xcopa_counts_in_two_groups_and_once_in_the_score():
    suite = of_suite()
    (summary,) = board(results(suite), suite).summaries
    (row,) = summary.rows
    assert row.groups == GROUPS
    assert row.score.value == pytest.approx(sum(SCORES.values()) / 10) == 54.4
    assert any("not computable with the official script" in note for note in summary.notes)


def test_the_official_report_has_no_lareqa_and_no_score_of_all_tasks():
    suite = of_suite()
    scores = {}
    for result in results(suite):
        task, score = result.dataset["task"], float(result.main_score)
        metrics = {"exact_match": score, "f1": score} if task in suite.groups["qa"] else {result.main_metric: score}
        scores.setdefault(task, {})[result.cell.target] = metrics
    del scores["lareqa"]
    report = XTREME.report(scores, suite.languages, suite.groups)
    assert "all_task" not in report
    assert {group: report[group] for group in GROUPS} == GROUPS | {"retrieval": 39}
    assert report["mewslix"]["avg_map@20"] == 38


SMALL = """name = "xtreme-r"
version = 1
title = "XTREME-R made small"
tasks = ["xcopa", "mewslix[method=retrieve]"]
[languages]
xcopa = ["et"]
mewslix = ["de"]
"""


def test_what_is_imported_is_exported_to_the_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_entry_points", tuple)
    form = replace(XTREME, suites=("xtreme-r",))
    plugin = FakePlugin(tmp_path, tasks=SHORT.values(), suites=[SMALL], formats=[form])
    small = load_registry(extra={"fake": plugin})
    files = {
        "xcopa/test-et.jsonl": '{"label": 1}\n{"label": 0}\n',
        "mewslix/test-de.json": '{"a": ["Q2", "Q1"], "b": ["Q3"]}\n',
    }
    labels = {"xcopa/test-et.jsonl": '{"label": 1}\n' * 2, "mewslix/test-de.json": '{"a": ["Q1"], "b": ["Q3"]}\n'}
    for root, texts in (("predictions", files), ("labels", labels)):
        for path, text in texts.items():
            write(tmp_path / root / path, text)
    submission = score_tree(tmp_path / "predictions", form, small, tmp_path / "labels")
    found = imports.results(submission, "theirs")
    assert {one.cell.task: one.main_score for one in found} == {"xcopa": 50, "mewslix[method=retrieve]": 75}
    folder = imports.keep(submission, found, tmp_path / "runs")
    assert export(folder, form, small, Choice(), None).files == files
