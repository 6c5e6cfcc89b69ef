"""Chunk scores: the published vectors, and readings of the rules that are not ours."""

import os
import subprocess
import sys
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xbench_tasks.metrics import chunks as module
from xbench_tasks.metrics.chunks import Chunk, chunk_scores, chunks, counts, token_accuracy
from xbench_tasks.panx import LABELS as SPANS
from xbench_tasks.udpos import LABELS as UPOS

from xbench.errors import DataError

# Gold, prediction, and precision, recall and F1 of seqeval 0.0.12.
VECTORS = [
    ("NOUN NOUN VERB PUNCT", "NOUN PROPN VERB PUNCT", (1 / 2, 2 / 3, 4 / 7)),
    ("CCONJ NOUN SCONJ VERB", "SCONJ NOUN CCONJ VERB", (1 / 2, 1 / 2, 1 / 2)),
    ("B-PER I-PER O I-LOC", "B-PER I-PER O B-LOC", (1, 1, 1)),
    ("I-PER I-PER B-PER", "I-PER I-PER I-PER", (0, 0, 0)),
]


def scores(gold, prediction):
    return chunk_scores(counts([prediction.split()], [gold.split()]))


@pytest.mark.parametrize(("gold", "prediction", "wanted"), VECTORS)
def test_the_vectors_of_the_legacy_scorer(gold, prediction, wanted):
    found = scores(gold, prediction)
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx(tuple(100 * one for one in wanted))


def test_token_accuracy_counts_words():
    assert token_accuracy([VECTORS[0][1].split()], [VECTORS[0][0].split()]) == 75.0
    assert token_accuracy([VECTORS[1][1].split()], [VECTORS[1][0].split()]) == 50.0


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("NOUN NOUN NOUN", ["NOUN 0 2"]),
        ("SYM SYM SCONJ SCONJ", ["SYM 0 0", "SYM 1 1", "SCONJ 2 2", "SCONJ 3 3"]),
        ("INTJ INTJ PUNCT", ["INTJ 0 1", "PUNCT 2 2"]),
        ("CCONJ SCONJ", ["CCONJ 0 0", "SCONJ 1 1"]),
        ("O O", []),
        ("I-LOC I-LOC O I-LOC", ["LOC 0 1", "LOC 3 3"]),
        ("B-LOC B-LOC I-LOC", ["LOC 0 0", "LOC 1 2"]),
        ("B-LOC I-ORG", ["LOC 0 0", "ORG 1 1"]),
        ("S-LOC E-LOC E-LOC", ["LOC 0 0", "LOC 1 1", "LOC 2 2"]),
        ("B-A-B I-A-B", ["B 0 1"]),
        (". NOUN", ["NOUN 1 1"]),
        ("", []),
    ],
)
def test_what_is_a_chunk(tags, wanted):
    assert [f"{one.type} {one.start} {one.end}" for one in chunks(tags.split())] == wanted


def runs(tags):
    """Chunks of UPOS tags, said otherwise: runs of equal tags, but SYM and SCONJ stand alone."""
    found, at = [], 0
    for tag, group in groupby(tags):
        size = len(list(group))
        step = 1 if tag in ("SYM", "SCONJ") else size
        found += [Chunk(tag, start, start + step - 1) for start in range(at, at + size, step)]
        at += size
    return found


def spans(tags):
    """Chunks of BIO tags, said otherwise: a span goes on while tags of its type begin with I."""
    found, at = [], 0
    while at < len(tags):
        end = at + 1
        if tags[at] != "O":
            kind = tags[at][2:]
            while end < len(tags) and tags[end] == f"I-{kind}":
                end += 1
            found.append(Chunk(kind, at, end - 1))
        at = end
    return found


@given(st.lists(st.sampled_from(UPOS), max_size=30))
def test_chunks_of_bare_tags_are_runs(tags):
    assert chunks(tags) == runs(tags)


@given(st.lists(st.sampled_from(SPANS), max_size=30))
def test_chunks_of_bio_tags_are_spans(tags):
    assert chunks(tags) == spans(tags)


def pair(tags):
    return st.lists(st.tuples(st.sampled_from(tags), st.sampled_from(tags)), max_size=12)


@given(st.one_of(*(st.lists(pair(tags), min_size=1, max_size=6) for tags in (UPOS, SPANS))))
def test_scores_are_those_of_all_chunks_of_all_sentences(sentences):
    given_, wanted = ([[one[side] for one in each] for each in sentences] for side in (0, 1))
    read = spans if {tag for tags in given_ + wanted for tag in tags} <= set(SPANS) else runs
    predicted, gold = (
        {(row, *chunk) for row, tags in enumerate(side) for chunk in read(tags)} for side in (given_, wanted)
    )
    right = len(predicted & gold)
    precision, recall = right / max(1, len(predicted)), right / max(1, len(gold))
    found = chunk_scores(counts(given_, wanted))
    assert found["precision"] == pytest.approx(100 * precision)
    assert found["recall"] == pytest.approx(100 * recall)
    assert found["f1"] == pytest.approx(200 * right / max(1, len(predicted) + len(gold)))


def test_a_sentence_ends_a_chunk():
    assert counts([["NOUN"], ["NOUN"]], [["NOUN"], ["NOUN"]]) == [(1, 1, 1)] * 2


@pytest.mark.parametrize(
    ("predictions", "references", "says"),
    [
        ([["X"]], [["X"], ["X"]], "1 tagged sentences for 2 sentences"),
        ([], [], "no sentences"),
        ([["X"], ["X"]], [["X"], ["X", "X"]], "sentence 1: there are 1 tags for 2 words"),
        ([[""]], [["X"]], "sentence 0: a tag is empty"),
    ],
)
@pytest.mark.parametrize("measure", [counts, token_accuracy])
def test_what_does_not_belong_together_is_refused(measure, predictions, references, says):
    with pytest.raises(DataError, match=says):
        measure(predictions, references)


def test_they_are_metrics_of_evaluate_without_network(tmp_path):
    code = (
        "from xbench_tasks.metrics.chunks import ChunkScore, TokenAccuracy\n"
        "gold = ['NOUN', 'NOUN', 'VERB', 'PUNCT']\n"
        "rows = {'predictions': [['NOUN', 'PROPN', *gold[2:]]], 'references': [gold]}\n"
        "import evaluate\n"
        "metric = ChunkScore(keep_in_memory=True)\n"
        "assert isinstance(metric, evaluate.Metric)\n"
        "found = metric.compute(**rows)\n"
        "assert set(found) == {'f1', 'precision', 'recall'} and found['precision'] == 50.0, found\n"
        "assert TokenAccuracy(keep_in_memory=True).compute(**rows) == {'token_accuracy': 75.0}\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr


def test_the_module_has_no_other_name():
    with pytest.raises(AttributeError, match="SpanScore"):
        _ = module.SpanScore
