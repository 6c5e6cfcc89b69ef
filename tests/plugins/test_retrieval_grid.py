"""Retrieval through the whole core: from the plan to the results, on made files and with a tiny model."""

import pytest

from tests.plugins import tiny
from xbench.contracts import Data, Origin
from xbench.errors import DataError
from xbench.journal import read
from xbench.registry import load_registry
from xbench.request import Request
from xbench.session import carry_out, open_session

FLORES = {"en": "eng_Latn", "de": "deu_Latn", "tr": "tur_Latn"}
TOPICS = ("science/technology", "travel", "politics", "sports", "health", "entertainment", "geography")


@pytest.fixture
def data(tmp_path):
    """Tatoeba whose translations are the same words, BUCC likewise, and SIB-200 to lend its text."""
    files = {}
    for code in ("deu", "tur"):
        stem = f"tatoeba/v1/tatoeba.{code}-eng"
        files |= {f"{stem}.{code}": tiny.WORDS, f"{stem}.eng": tiny.WORDS}
    for split in ("dev", "test"):
        backward = ["".join(reversed(word)) for word in tiny.WORDS]
        mixed = [word if at % 2 else other for at, (word, other) in enumerate(zip(tiny.WORDS, backward, strict=True))]
        files[f"bucc2018/de-en.{split}.de"] = [f"de-{at}\t{word}" for at, word in enumerate(tiny.WORDS)]
        files[f"bucc2018/de-en.{split}.en"] = [f"en-{at}\t{word}" for at, word in enumerate(mixed)]
        files[f"bucc2018/de-en.{split}.gold"] = [f"de-{at}\ten-{at}" for at in range(1, len(mixed), 2)]
    for language, code in FLORES.items():
        texts = tiny.coloured(language, 21).inputs["text"].to_pylist()
        rows = [f"{at}\t{TOPICS[at % 7]}\t{text}" for at, text in enumerate(texts)]
        files[f"sib200/{code}/train.tsv"] = ["index_id\tcategory\ttext", *rows]
    for name, lines in files.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Data(Origin.FOLDER, tmp_path / "data")


@pytest.fixture
def opened(tmp_path, data):
    """Opens a session on the made files with a tiny model."""
    model = str(tiny.save_model(tmp_path / "model"))
    registry = load_registry()

    def open_(suite, *methods, **asked):
        request = Request(suite, methods, data, models=(model,), device="cpu", **asked)
        return open_session(request, registry, tmp_path / "runs")

    return open_


def results(session):
    carry_out(session)
    return {result.cell.target: result for result in read(session.folder / "results.jsonl")}


def test_one_fit_serves_all_languages_and_the_source_is_not_among_them(opened):
    session = opened("tatoeba", "retrieve")
    assert len({cell.score.predict.fit.key for cell in session.plan.cells}) == 1
    found = results(session)
    assert {language: result.main_score for language, result in found.items()} == {"de": 100.0, "tr": 100.0}
    assert found["de"].supervision == {}
    board = (session.folder / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in board.splitlines() if "`retrieve`" in line]
    assert row.count(" n/a ") == 2, "the gap, and the average with the source"


def test_any_language_may_be_the_source_where_nothing_is_learned(opened):
    assert {cell.cell.source for cell in opened("tatoeba", "retrieve", sources=("fr",)).plan.cells} == {"fr"}


def test_the_threshold_of_bucc_is_tuned_on_dev_and_finds_what_is_there(opened):
    found = results(opened("bucc2018", "retrieve"))["de"]
    assert found.main_score == 100.0
    assert found.supervision == {"target validation labels": {"de": 28}}
    assert results(opened("bucc2018", "retrieve[threshold=none]"))["de"].main_score < 100.0


def test_dev_can_be_evaluated_without_a_threshold_only(opened):
    assert [cell.cell.target for cell in opened("bucc2018[split=dev]", "retrieve[threshold=none]").plan.cells] == ["de"]
    with pytest.raises(DataError, match="the validation labels of de are what is evaluated"):
        opened("bucc2018[split=dev]", "retrieve")


def test_an_aligner_before_it_reads_the_text_of_a_task_that_is_named(opened):
    recipe = "adversarial[steps=2,batch_size=4]+retrieve"
    with pytest.raises(DataError, match=r"name a task that lends its text: tatoeba\[text=TASK\]"):
        opened("tatoeba", recipe)
    session = opened("tatoeba[text=sib200]", recipe)
    assert {cell.cell.task for cell in session.plan.cells} == {"tatoeba[text=sib200]"}
    found = results(session)["tr"]
    assert found.main_score == 100.0
    assert found.supervision == {"source text": {"en": 21}, "target text": {"de": 21, "tr": 21}}


def test_a_trial_asks_few_queries_of_the_whole_pool(opened):
    session = opened("tatoeba", "retrieve", limit=3)
    assert {result.main_score for result in results(session).values()} == {100.0}
    inputs = session.shelf.load(session.grid.tasks[0].task, "de", session.grid.tasks[0].split).inputs
    assert inputs["side"].to_pylist() == ["query"] * 3 + ["candidate"] * len(tiny.WORDS)
