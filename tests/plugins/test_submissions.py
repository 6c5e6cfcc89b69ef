"""Submissions to XTREME from the command: made data of all nine tasks, scored, kept, exported, and scored again."""

import json
import logging
import re
import shutil
import sys
from dataclasses import replace

import pyarrow.parquet
import pytest
from xbench_tasks import hooks
from xbench_tasks.xtreme_format import XTREME

from xbench import cli, exchange, journal, registry
from xbench.keys import file_digest
from xbench.testing import FakePlugin

ROWS = {
    "xnli": ["neutral", "entailment", "neutral"],
    "pawsx": ["0", "1", "1"],
    "udpos": ["NOUN", "VERB", "", "X"],
    "panx": ["B-PER", "I-PER", "", "O"],
    "bucc2018": ["de-1\ten-2", "de-3\ten-1"],
    "tatoeba": ["2", "0", "1"],
}
GOLD = ROWS | {
    "pawsx": ["0", "1", "0"],
    "udpos": ["NOUN", "NOUN", "", "X"],
    "bucc2018": ["de-1\ten-2", "de-2\ten-1", "de-3\ten-1"],
    "tatoeba": ["2", "1", "0"],
}
WORDS = {"xnli": "p\th\n" * 3, "pawsx": "a\tb\n" * 3, "udpos": "a\nb\n\nc\n", "panx": "a\nb\n\nc\n"}
QA = {
    "xquad": "xquad.{}.json",
    "mlqa": "MLQA_V1/test/test-context-{0}-question-{0}.json",
    "tydiqa": "tydiqa-goldp-v1.1-dev/tydiqa.goldp.{}.dev.json",
}
ANSWERS = {"x": "Rain", "y": "in Köln"}
LANGUAGES = {"bucc2018": ["de"], "tatoeba": ["de"]}
TASKS = ["xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc2018[method=retrieve]", "tatoeba"]
NAMES = [name.partition("[")[0] for name in TASKS]
SPOKEN = {name: LANGUAGES.get(name, ["en", "fi" if name == "tydiqa" else "de"]) for name in NAMES}
SUITE = f"""name = "xtreme"
version = 1
title = "XTREME made small"
tasks = {json.dumps(TASKS)}
[groups]
qa = ["xquad", "mlqa", "tydiqa"]
retrieval = ["bucc2018", "tatoeba"]
[languages]
""" + "\n".join(f"{name} = {json.dumps(spoken)}" for name, spoken in SPOKEN.items())


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def squad():
    context = "Rain falls in Köln."
    answers = {"x": ["Rain"], "y": ["Köln", "in Köln"]}
    qas = [
        {
            "id": id_,
            "question": "What?",
            "answers": [{"text": one, "answer_start": context.index(one)} for one in texts],
        }
        for id_, texts in answers.items()
    ]
    return json.dumps({"data": [{"paragraphs": [{"context": context, "qas": qas}]}]})


def make_data(folder):
    """The nine tasks in their official layout; the English of Tatoeba is not sorted."""
    for name in NAMES:
        for language in SPOKEN[name]:
            if name in QA:
                write(folder / name / QA[name].format(language), squad())
            elif name in WORDS:
                write(folder / name / f"test-{language}.tsv", WORDS[name])
                write(folder / name / "labels" / f"test-{language}.tsv", "\n".join(GOLD[name]) + "\n")
    write(folder / "tatoeba/v1/tatoeba.deu-eng.deu", "zwei\neins\nnull\n")
    write(folder / "tatoeba/v1/tatoeba.deu-eng.eng", "two\none\na zero\n")
    for side, ids in (("de", ("de-1", "de-2", "de-3")), ("en", ("en-1", "en-2"))):
        write(folder / f"bucc2018/de-en.test.{side}", "".join(f"{id_}\tof {id_}\n" for id_ in ids))
    write(folder / "bucc2018/de-en.test.gold", "\n".join(GOLD["bucc2018"]) + "\n")


def make_tree(folder, rows, answers):
    for name in NAMES:
        for language in SPOKEN[name]:
            text = answers if name in QA else "\n".join(rows[name]) + "\n"
            write(folder / name / f"test-{language}.{'json' if name in QA else 'tsv'}", text)


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the command beside made data, predictions and labels: exit code, standard output, standard error."""
    make_data(tmp_path / "data")
    make_tree(tmp_path / "sub", ROWS, json.dumps(ANSWERS, ensure_ascii=False, indent=1) + "\n")
    make_tree(tmp_path / "labels", GOLD, squad())
    short = [replace(task, counts=lambda *_: None) for task in hooks.xbench_tasks() if task.name in NAMES]
    (tmp_path / "plugin").mkdir()
    form = replace(XTREME, suites=("xtreme",))
    plugin = FakePlugin(tmp_path / "plugin", tasks=short, suites=[SUITE], formats=[form])
    monkeypatch.setattr(registry, "_entry_points", tuple)
    load = registry.load_registry
    for module in (cli, exchange):
        monkeypatch.setattr(module, "load_registry", lambda: load(extra={"fake": plugin}))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        handlers = list(cli.log.handlers)
        monkeypatch.setattr(sys, "argv", ["xbench", *arguments])
        try:
            with pytest.raises(SystemExit) as caught:
                cli.main()
        finally:
            cli.log.handlers, cli.log.level = handlers, logging.NOTSET
        return caught.value.code or 0, *capsys.readouterr()

    return run


IMPORT = ("import", "sub", "--format", "xtreme")
EXPORT = ("export", "runs/xtreme", "--format", "xtreme", "-o", "out")
DATA, LABELS = ("--data", "data"), ("--labels", "labels")


def texts(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("gold", [DATA, LABELS], ids=["data", "labels"])
def test_what_is_imported_is_exported_to_the_byte(call, tmp_path, gold):
    code, out, err = call(*IMPORT, *gold, "-o", "runs", "--name", "theirs")
    assert (code, "16 files scored; results: runs" in err) == (0, True), err
    assert call(*EXPORT)[0] == 0
    assert texts(tmp_path / "out") == texts(tmp_path / "sub")
    shutil.rmtree(tmp_path / "sub")
    (tmp_path / "out").rename(tmp_path / "sub")
    assert call(*IMPORT, *gold, "-o", "runs", "--name", "theirs")[1] == out
    assert call("leaderboard", "runs/xtreme")[1] == out == (tmp_path / "runs" / "xtreme" / "README.md").read_text()


def test_data_and_labels_give_the_same_scores(call, tmp_path):
    reports = []
    for gold in (DATA, LABELS):
        assert call(*IMPORT, *gold, "--json", "report.json")[0] == 0
        reports.append(json.loads((tmp_path / "report.json").read_text()))
    assert reports[0] == reports[1]
    metric = {name: reports[0][name]["avg_metric"] for name in NAMES}
    assert metric == pytest.approx(
        {
            "xnli": 100, "pawsx": 200 / 3, "udpos": 40, "panx": 100, "xquad": 100, "mlqa": 100, "tydiqa": 100,
            "bucc2018": 80, "tatoeba": 100 / 3,
        }
    )  # fmt: skip
    assert reports[0]["all_task"] == pytest.approx(sum(metric.values()) / 9)
    assert reports[0]["qa"] == 100
    assert reports[0]["bucc2018"]["recall"] == {"de": pytest.approx(200 / 3)}


def test_the_board_has_the_suite_and_says_that_nobody_told_the_supervision(call):
    code, out, _ = call(*IMPORT, *DATA, "-o", "runs", "--name", "theirs")
    assert code == 0
    assert out.startswith("## xtreme (source en)")
    score = (100 * 5 + 200 / 3 + 40 + 80 + 100 / 3) / 9
    assert re.search(rf"\| +1 \| `theirs` +\| `imported` +\| +{score:.0f}(\.\d+)? \|", out)
    assert re.search(r"\| +0 \| not told +\|", out)
    record = journal.read(exchange.Path("runs/xtreme/results.jsonl"))[0]
    assert record.predictions["imported"] == {
        "format": "xtreme",
        "file": "xnli/test-en.tsv",
        "sha256": file_digest(exchange.Path("sub/xnli/test-en.tsv")),
    }
    assert call(*IMPORT, *DATA, "--name", "theirs")[1] == out


def as_our_own(folder):
    """Make imported results such as a run leaves: predictions hold what is predicted and nothing else."""
    file = folder / "results.jsonl"
    lines = []
    for result in journal.read(file):
        path = folder / result.predictions["path"]
        table = pyarrow.parquet.read_table(path)
        kept = [name for name in table.column_names if name not in ("id", "side")]
        pyarrow.parquet.write_table(table.select(kept), path)
        record = replace(result, predictions=result.predictions | {"sha256": file_digest(path)}).to_json()
        lines.append(json.dumps(record) + "\n")
    file.write_text("".join(lines))


def test_ids_that_are_not_predicted_come_from_the_data_that_were(call, tmp_path):
    call(*IMPORT, *DATA, "-o", "runs")
    as_our_own(tmp_path / "runs" / "xtreme")
    code, _, err = call(*EXPORT)
    assert (code, "xquad in 'en': the files need 'id' of the examples" in err) == (2, True), err
    assert call(*EXPORT, *DATA)[0] == 0
    assert texts(tmp_path / "out") == texts(tmp_path / "sub")
    shutil.rmtree(tmp_path / "out")
    write(tmp_path / "data/xquad/xquad.en.json", squad().replace("What?", "Who?"))
    code, _, err = call(*EXPORT, *DATA)
    assert (code, "xquad in 'en': data does not hold the examples that were predicted" in err) == (1, True), err
    assert not (tmp_path / "out").exists()


def test_what_is_lacking_is_named_and_not_invented(call, tmp_path):
    shutil.rmtree(tmp_path / "sub" / "mlqa")
    (tmp_path / "sub" / "xnli" / "test-de.tsv").unlink()
    code, _, err = call(*IMPORT, *DATA, "--partial", "-o", "runs", "--json", "report.json")
    assert (code, "xnli is scored without de, and has no official average" in err) == (0, True), err
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["xnli"] == {"accuracy": {"en": 100.0}}
    assert not {"mlqa", "qa", "all_task"} & report.keys()
    code, _, err = call(*EXPORT)
    assert code == 0
    assert "there are no predictions of xnli in de" in err
    assert "there are no predictions of mlqa\n" in err
    assert texts(tmp_path / "out") == texts(tmp_path / "sub")


def change(tmp_path, path, text):
    file = tmp_path / path
    if text is None:
        file.unlink()
    else:
        write(file, text)


@pytest.mark.parametrize(
    ("path", "text", "gold", "says"),
    [
        ("sub/xnli/test-de.tsv", None, DATA, "sub/xnli/test-de.tsv: there is no such file; xnli lacks de, and a task"),
        ("labels/xnli/test-de.tsv", None, LABELS, "labels: there are no labels of xnli in de; a task counts"),
        ("data/xnli/test-de.tsv", None, DATA, "data: there are no labels of xnli in de; a task counts"),
        ("sub/xnli/test-fr.tsv", "x\n", DATA, "sub/xnli/test-fr.tsv: xtreme has no file of that name here"),
        ("sub/xquad/test-en.tsv", "x\n", DATA, "xtreme has no file of that name here; there are test-en.json, test-de"),
        ("sub/xnli.zip", "x", DATA, "sub/xnli.zip: xtreme has no file of that name here; there are xnli, pawsx"),
        ("sub/XNLI/test-en.tsv", "x\n", DATA, "sub/XNLI: xtreme has no such folder; there are xnli, pawsx"),
        ("sub/pawsx/test-de.tsv", "0\n1\n", DATA, "sub/pawsx/test-de.tsv:3: 2 lines for 3 examples"),
        ("sub/pawsx/test-de.tsv", "0\n1\n", LABELS, "sub/pawsx/test-de.tsv:3: 2 lines for 3 examples"),
        ("sub/panx/test-de.tsv", "O\n\nO\n", LABELS, "sub/panx/test-de.tsv:1: 1 tags for a sentence of 2 words"),
        ("sub/mlqa/test-de.json", "{", LABELS, "sub/mlqa/test-de.json:1: is no JSON"),
        ("sub/tatoeba/test-de.tsv", "2\n0\n3\n", DATA, "sub/tatoeba/test-de.tsv:3: there is no sentence 3"),
        ("sub/tatoeba/test-de.tsv", "2\n[0]\n1\n", LABELS, "sub/tatoeba/test-de.tsv:2: '[0]' is no place"),
        ("sub/bucc2018/test-de.tsv", "de-1\ten-9\n", DATA, "test-de.tsv:1: the data have no sentence 'en-9'"),
        ("labels/pawsx/test-en.tsv", "2\n", LABELS, "labels/pawsx/test-en.tsv:1: the label '2' is none of 0, 1"),
    ],
)  # fmt: skip
def test_a_tree_that_does_not_fit_is_refused_and_nothing_is_written(call, tmp_path, path, text, gold, says):
    change(tmp_path, path, text)
    code, out, err = call(*IMPORT, *gold, "-o", "runs", "--json", "report.json")
    assert (code, out) == (1, "")
    assert says in err
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "report.json").exists()


def test_a_task_without_labels_is_left_out_and_hidden_files_are_passed_over(call, tmp_path):
    shutil.rmtree(tmp_path / "labels" / "xnli")
    write(tmp_path / "sub" / "xnli" / ".DS_Store", "x")
    code, _, err = call(*IMPORT, *LABELS)
    assert (code, "xnli is left out: there are no labels of it in labels" in err) == (0, True)
    assert "14 files scored" in err
    shutil.rmtree(tmp_path / "labels")
    (tmp_path / "labels").mkdir()
    assert "there is nothing to score for xtreme; xnli is left out" in call(*IMPORT, *LABELS)[2]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("import", "sub", "--format", "xtrem", *DATA), 2, "no format is called 'xtrem'; did you mean 'xtreme'"),
        (IMPORT, 2, "say what to score against: --labels LABELS or --data DIR, one of them"),
        ((*IMPORT, *DATA, *LABELS), 2, "one of them"),
        ((*IMPORT, "--data", "gone"), 2, "--data gone: there is no such folder"),
        (("import", "gone", "--format", "xtreme", *DATA), 1, "gone: there is no such folder"),
        ((*IMPORT, *DATA, "--name", " "), 2, "needs a name that can be printed"),
        (EXPORT, 1, "there are no results here"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(call, tmp_path, arguments, code, says):
    found = call(*arguments)
    assert (found[0], found[1], says in found[2]) == (code, "", True), found[2]
    assert not {"runs", "out"} & {path.name for path in tmp_path.iterdir()}
