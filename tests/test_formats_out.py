"""Boards in the formats of others: LaTeX, YAML of model cards, Every Eval Ever, BibTeX."""

import importlib.util
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from huggingface_hub import parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results

from tests.conftest import REPOSITORY
from tests.test_bibliography import ENTRY, entries
from tests.test_latex import small
from tests.test_leaderboard import scored
from xbench import leaderboard, session
from xbench.bibliography import to_bibtex
from xbench.boards import leaderboard_command
from xbench.cards import to_eval_results, to_model_index
from xbench.every_eval import to_every_eval
from xbench.forms import FORMS, Made
from xbench.latex import escape, to_latex
from xbench.registry import load_registry
from xbench.standings import Board

OURS = ("latex", "model-index", "eval-results", "every-eval-ever", "bibtex")
BOARDS = sorted(path.parent for path in (REPOSITORY / "leaderboards").glob("*/results.jsonl"))


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture(scope="module", params=BOARDS, ids=lambda path: path.name)
def made(request):
    """A published board with what it is made of."""
    results, suite = session.read_results(request.param), session.suite_of(request.param)
    return Made(leaderboard.board(results, suite), results, suite)


def rows(board):
    return [(table, row) for table in board.tables for row in table.rows]


def shows(cell, score):
    """Whether the cell is the score, rounded to the digits it has."""
    if score is None or cell == "n/a":
        return score is None and cell == "n/a"
    return float(cell.replace("$-$", "-")) == pytest.approx(score, abs=0.5001 * 10 ** -len(cell.partition(".")[2]))


KINDS = ("text-classification", "token-classification", "sentence-similarity", "question-answering")


def test_every_row_of_a_board_is_in_its_latex_with_all_its_scores(made):
    lines = [line.removesuffix(r" \\").split(" & ") for line in to_latex(made.board).splitlines() if " & " in line]
    for table, row in rows(made.board):
        named = [one for one in lines if one[1:3] == [escape(row.model), rf"\texttt{{{escape(row.recipe)}}}"]]
        line = named[len(made.board.summaries) + made.board.tables.index(table)]  # a line per table, the suite's first
        best, tie = row.rank == 1 and row.to_best.value is None, r"$^{\approx}$" in line[3]
        assert (r"\textbf" in line[3], tie) == (best, row.tie)
        assert shows(re.sub(r"\\textbf\{|\}|\$.*|\\xbench.*", "", line[3]), row.average.value)
        if len(table.languages) <= 16:
            cells = dict(zip(table.languages, line[5:-2], strict=True))
        else:
            at = 1 + table.lines.index(row)
            cells = {one[0]: one[at] for one in lines if len(one) == 1 + len(table.lines) and one[0] in table.languages}
        assert cells.keys() == set(table.languages)
        assert all(shows(cell, row.scores.get(language)) for language, cell in cells.items())


def test_the_latex_of_a_board_is_balanced(made):
    text = to_latex(made.board)
    for begin, end in (("{", "}"), (r"\begin{table}", r"\end{table}"), (r"\begin{tabular}", r"\end{tabular}")):
        assert text.count(begin) == text.count(end)
    for columns, body in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {len(columns)}


def test_a_model_index_reads_back_as_every_score_of_the_board(made, registry):
    read = yaml.safe_load(to_model_index(made.board, registry))["model-index"]
    found = {}
    for entry in read:
        name, results = model_index_to_eval_results([entry])
        for one in results:
            assert one.task_type in KINDS
            found[name, one.dataset_type, one.dataset_config, one.metric_type] = one.metric_value
    wanted = {}
    for table, row in rows(made.board):
        of = (f"{row.model} {row.recipe}", table.dataset.id)
        wanted |= {(*of, at, table.dataset.metric): round(score, 4) for at, score in row.scores.items()}
        if row.average.value is not None:
            wanted[*of, None, table.dataset.metric] = round(row.average.value, 4)
    assert found == wanted


def test_eval_results_read_back_as_every_score_on_official_data(made):
    documents = list(yaml.safe_load_all(to_eval_results(made.board)))
    found = [one for entries in filter(None, documents) for one in parse_eval_result_entries(entries)]
    wanted = [
        (table.dataset.id, at, round(score, 4), row.recipe)
        for table, row in rows(made.board)
        if table.dataset.origin != "sample"
        for at, score in row.scores.items()
    ]
    read = [(one.dataset_id, one.task_id, one.value, one.notes.partition(" on ")[0]) for one in found]
    assert sorted(read) == sorted(wanted)


def test_cards_keep_names_that_mean_something_in_yaml(registry):
    nasty = "a: &b *c #d\n--- 'no' @e"
    row = replace(small().tables[0].rows[0], model=nasty, recipe="on")
    (entry,) = yaml.safe_load(to_model_index(small(rows=(row,)), registry))["model-index"]
    assert entry["name"] == f"{nasty} on"
    assert entry["results"][0]["task"] == {"type": "other", "name": "t"}
    ((result, _),) = yaml.safe_load_all(to_eval_results(small(rows=(row,))))
    assert result["dataset"] == {"id": "org/t", "task_id": "en", "revision": "r1"}


TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
TEXT, SCORE = {"type": "string"}, {"type": "number", "minimum": 0, "maximum": 1}


def exactly(optional=(), **properties):
    """An object of these properties and no others."""
    needed = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


EVALUATION = exactly(
    evaluation_name=TEXT,
    source_data={
        "oneOf": [
            exactly(dataset_name=TEXT, source_type={"const": "other"}, additional_details=TEXTS),
            exactly(dataset_name=TEXT, source_type={"const": "hf_dataset"}, hf_repo=TEXT, hf_split=TEXT,
                    samples_number={"type": "integer"}, additional_details=TEXTS),
        ]
    },
    metric_config=exactly(
        metric_id=TEXT, metric_name=TEXT, metric_unit={"const": "proportion"}, lower_is_better={"type": "boolean"},
        score_type={"const": "continuous"}, min_score={"const": 0}, max_score={"const": 1},
    ),
    score_details=exactly(
        ["uncertainty"],
        score=SCORE,
        details=TEXTS,
        uncertainty=exactly(
            confidence_interval=exactly(lower=SCORE, upper=SCORE, confidence_level=SCORE, method=TEXT),
            num_bootstrap_samples={"type": "integer"},
        ),
    ),
)  # fmt: skip
SCHEMA = exactly(
    schema_version={"const": "0.3.0"},
    evaluation_id=TEXT,
    evaluation_timestamp=TEXT,
    retrieved_timestamp={"type": "string", "pattern": r"^\d+$"},
    source_metadata=exactly(
        source_name=TEXT, source_type={"enum": ["documentation", "evaluation_run"]}, source_organization_name=TEXT,
        evaluator_relationship={"enum": ["first_party", "third_party", "collaborative", "other"]},
    ),
    eval_library=exactly(name={"const": "xbench"}, version=TEXT),
    model_info=exactly(
        name=TEXT,
        id=TEXT,
        additional_details=TEXTS | {
            "required": ["deployment_type", "model_availability"],
            "properties": {
                "deployment_type": {"enum": ["self_deployed", "externally_managed", "unknown"]},
                "model_availability": {"enum": ["open_weights", "closed_weights", "unknown"]},
            },
        },
    ),
    evaluation_results={"type": "array", "items": EVALUATION, "minItems": 1},
)  # fmt: skip


def records(made):
    return [json.loads(line) for line in to_every_eval(made.board, made.results, made.title).splitlines()]


def test_records_of_every_eval_ever_are_of_its_form_and_hold_every_row(made):
    found = {}
    for record in records(made):
        jsonschema.validate(record, SCHEMA)
        for one in record["evaluation_results"]:
            recipe = record["model_info"]["additional_details"]["recipe"]
            found[recipe, one["evaluation_name"]] = one["score_details"]["score"]
    wanted = {}
    for table, row in rows(made.board):
        wanted |= {(row.recipe, f"{table.task}.{at}"): score / 100 for at, score in row.scores.items()}
        if row.average.value is not None:
            wanted[row.recipe, f"{table.task}.average"] = row.average.value / 100
    assert found == pytest.approx(wanted, abs=1e-6)


def test_records_are_valid_by_the_schema_of_every_eval_ever_itself(made):
    spec = importlib.util.find_spec("every_eval_ever")
    if spec is None:
        pytest.skip("needs the schema: python -m pip install --no-deps every-eval-ever==0.3.0 (Python 3.12)")
    schema = json.loads((Path(spec.origin).parent / "schemas" / "eval.schema.json").read_text(encoding="utf-8"))
    assert schema["version"] == "0.3.0"
    for record in records(made):
        jsonschema.Draft7Validator(schema).validate(record)


def test_a_data_set_of_the_hub_is_named_as_one():
    result = replace(scored("best", "de", 70), started="2026-01-01T00:00:00+00:00")
    (record,) = records(Made(leaderboard.board([result]), [result]))
    jsonschema.validate(record, SCHEMA)
    assert record["retrieved_timestamp"] == "1767225600"
    source = record["evaluation_results"][0]["source_data"]
    assert (source["source_type"], source["hf_repo"], source["samples_number"]) == ("hf_dataset", "xnli", 200)
    average = record["evaluation_results"][-1]
    assert average["evaluation_name"] == "xnli.average"
    bounds = average["score_details"]["uncertainty"]["confidence_interval"]
    assert bounds["lower"] < average["score_details"]["score"] == 0.7 < bounds["upper"]


def test_a_board_cites_its_data_aligners_and_methods(made, registry):
    text = to_bibtex(made.results, made.suite, registry)
    found = entries(text)
    assert len(found) == text.count("@") == len(re.findall(r"^@", text, re.MULTILINE))
    assert all({"author", "title", "year"} <= fields.keys() for fields in found.values())
    assert all(
        text.count("{", at.start(), at.end()) == text.count("}", at.start(), at.end()) for at in ENTRY.finditer(text)
    )
    uses = {use for line in re.findall(r"^% (.*)$", text, re.MULTILINE) for use in line.split("; ")}
    for result in made.results:
        *aligners, method = [re.sub(r"\[.*", "", part) for part in result.cell.recipe.split("+")]
        assert uses >= {
            f"method {method}",
            *(f"aligner {one}" for one in aligners),
            f"data set {result.dataset['task']}",
        }
    assert f"suite {made.suite.name}" in uses


def test_the_same_results_in_another_order_are_the_same_bytes(made):
    results = list(made.results)
    random.Random(0).shuffle(results)
    again = Made(leaderboard.board(results, made.suite), results, made.suite)
    for form in OURS:
        text = FORMS[form](made)
        assert FORMS[form](again) == text
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_without_results_each_form_says_so_and_can_be_read():
    empty = Made(Board(()), [])
    assert FORMS["latex"](empty) == FORMS["bibtex"](empty) == "% No results.\n"
    assert yaml.safe_load(FORMS["model-index"](empty)) is yaml.safe_load(FORMS["eval-results"](empty)) is None
    assert FORMS["every-eval-ever"](empty) == ""


def test_the_command_writes_every_form_of_the_table(tmp_path):
    (choice,) = [option.type.choices for option in leaderboard_command.params if option.name == "form"]
    assert list(choice) == list(FORMS)
    assert set(OURS) < set(FORMS)
    folder = REPOSITORY / "leaderboards" / "xnli-train-snli"
    done = CliRunner().invoke(leaderboard_command, [str(folder), "--format", "bibtex", "-o", str(tmp_path / "x.bib")])
    assert (done.exit_code, done.output) == (0, "")
    assert (tmp_path / "x.bib").read_text(encoding="utf-8") == session.board(folder, "bibtex")
