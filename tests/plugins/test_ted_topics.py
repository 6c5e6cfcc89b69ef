"""TED topics: the layout of its files, the bundled sample and its parallel text, and a run through the core."""

from collections import Counter

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from xbench_tasks.sample.talks import SIZES, TOPICS, sentences, talks
from xbench_tasks.ted_topics import LABELS, TED_PARALLEL, TED_TOPICS

from tests.plugins import tiny
from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, MissingDataError
from xbench.leakage import marks_of
from xbench.registry import load_registry
from xbench.request import Request
from xbench.session import carry_out, open_session
from xbench.testing import check_resource, check_task

SAMPLE = Data(Origin.SAMPLE)
TEST_EN, PARALLEL = "ted_topics/test-en.tsv", "ted_topics/parallel-en-zh.tsv"
FILES = {
    "ted_topics/train-en.tsv": "science\tBlack holes. I saw one.\nhealth\tSleep. Try it.\n",
    TEST_EN: 'culture\tFolk songs. "Sing!"\n',
    "ted_topics/test-zh.tsv": "culture\t民歌。唱吧！\n",
    PARALLEL: "Sing!\t唱吧！\n",
}


def write(data, files):
    for name, text in files.items():
        path = data.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return data


@pytest.fixture
def made(tmp_path):
    """Small files in the layout of real data."""
    return write(Data(Origin.FOLDER, tmp_path), FILES)


def every(language):
    return {split: talks(language, split) for split in SIZES}


def test_the_task_and_its_parallel_text_keep_the_contract(made):
    for data in (SAMPLE, made):
        check_task(TED_TOPICS, data)
        check_resource(TED_PARALLEL, data)
    assert TED_TOPICS.labels == LABELS == TOPICS


def test_files_are_read_as_they_are(made):
    assert TED_TOPICS.available(Split.TEST, made) == ("en", "zh")
    assert TED_TOPICS.available(Split.TRAIN, made) == ("en",)
    train = TED_TOPICS.load("en", Split.TRAIN, made)
    assert train.inputs.to_pydict() == {"text": ["Black holes. I saw one.", "Sleep. Try it."]}
    assert train.gold.to_pydict() == {"label": ["science", "health"]}
    assert TED_PARALLEL.load("zh", "en", made).rows == [("唱吧！", "Sing!")]
    with pytest.raises(MissingDataError, match=r"looked for .*dev-zh\.tsv"):
        TED_TOPICS.load("zh", Split.VALIDATION, made)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("culture\tA.\nsport\tB.\n", ":2: the label 'sport' is none of business, culture"),
        ("culture\tA.\nscience\t\n", ":2: the text is empty"),
        ("culture A.\n", ":1: 1 columns where 2 are expected (topic, text)"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(made, text, message):
    write(made, {TEST_EN: text})
    with pytest.raises(DataError) as caught:
        TED_TOPICS.load("en", Split.TEST, made)
    assert str(caught.value).startswith(f"{made.folder / TEST_EN}{message}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_split_has_as_many_talks_of_each_topic_and_no_text_twice(language):
    for split, found in every(language).items():
        assert Counter(topic for topic, _ in found) == dict.fromkeys(TOPICS, SIZES[split])
    texts = [text for found in every(language).values() for _, text in found]
    assert len(set(texts)) == len(texts) == 6 * (40 + 10 + 25)


def test_row_i_is_the_same_talk_in_both_languages():
    spoken = dict(sentences())
    checked = 0
    for split in SIZES:
        for (topic, english), (other, chinese) in zip(talks("en", split), talks("zh", split), strict=True):
            assert topic == other
            title = english.split(". ")[0]
            if title in spoken:
                assert chinese.startswith(spoken[title])
                checked += 1
    assert checked > 100


@pytest.mark.parametrize(("language", "stops"), [("en", ".?!"), ("zh", "。？！")])
def test_a_talk_is_a_title_and_one_to_three_sentences_in_its_script(language, stops):
    for found in every(language).values():
        for _, text in found:
            assert "{" not in text
            assert text[-1] in stops
            assert 2 <= sum(text.count(stop) for stop in stops) <= 4
            assert text == text.strip()
            assert "  " not in text
            assert any("\u4e00" <= letter <= "\u9fff" for letter in text) is (language == "zh")


def test_an_unknown_split_or_language_is_refused():
    with pytest.raises(ValueError, match=r"no 'dev' in 'en'.*train, validation, test"):
        talks("en", "dev")
    with pytest.raises(ValueError, match=r"no 'test' in 'fr': en, zh"):
        talks("fr", "test")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_alone_tell_something_of_the_topic_but_not_all(language):
    model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 4)), LogisticRegression(C=30, max_iter=1000))
    train, test = talks(language, "train"), talks(language, "test")
    model.fit([text for _, text in train], [topic for topic, _ in train])
    share = model.score([text for _, text in test], [topic for topic, _ in test])
    assert 2 / len(TOPICS) < share < 0.8


@pytest.mark.parametrize(("at", "language"), [(0, "en"), (1, "zh")])
def test_dev_and_test_share_no_stretch_with_train_or_with_the_parallel_text(at, language):
    rows = TED_PARALLEL.load("en", "zh", SAMPLE).rows
    assert len(rows) > 1000
    judged = [text for split in ("validation", "test") for _, text in talks(language, split)]
    assert [row for row in rows if row[at] in "\n".join(judged)] == []
    taught = [row[at] for row in rows] + [text for _, text in talks(language, "train")]
    marks = {mark for text in taught for mark in marks_of(text)}
    assert marks.isdisjoint(mark for text in judged for mark in marks_of(text))
    assert TED_PARALLEL.load("zh", "en", SAMPLE).rows == [(second, first) for first, second in rows]


def test_it_runs_from_the_plan_to_the_scores(tmp_path):
    model = str(tiny.save_model(tmp_path / "model"))
    request = Request("ted-topics", ("finetune[epochs=1]",), SAMPLE, models=(model,), device="cpu", limit=12)
    session = open_session(request, load_registry(), tmp_path / "runs")
    summary = carry_out(session)
    assert dict(summary.counts) == {"ok": 2, "skipped": 0, "failed": 0}
    assert {planned.cell.task for planned in session.plan.cells} == {"ted-topics-sample"}
