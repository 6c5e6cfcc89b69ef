"""The rows that are made of the hub's columns are those of the official files: real ones, laid out as the hub does."""

import json
from itertools import chain

import pytest
from xbench_tasks.panx import PANX
from xbench_tasks.pawsx import PAWSX
from xbench_tasks.tatoeba import TATOEBA
from xbench_tasks.tydiqa import TYDIQA
from xbench_tasks.xcopa import XCOPA
from xbench_tasks.xquad import XQUAD

from xbench.contracts import Data, Origin, Split


def lines(path):
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def columns(names, rows):
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def questions(path):
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                answers = {"text": [one["text"] for one in qa["answers"]]}
                answers["answer_start"] = [one["answer_start"] for one in qa["answers"]]
                yield qa["id"], qa["question"], paragraph["context"], answers


def of_squad(*paths):
    return columns(("id", "question", "context", "answers"), chain.from_iterable(map(questions, paths)))


def pawsx(data):
    table = [line.split("\t") for line in lines(data / "pawsx/x-final/de/test_2k.tsv")[1:]]
    return columns(("text", "text_pair", "label"), [row[1:] for row in table])


def panx(data):
    blocks = "\n".join(lines(data / "panx/dev-sw.tsv")).strip("\n").split("\n\n")
    sentences = [[line.split("\t") for line in block.split("\n")] for block in blocks]
    return {name: [[word[at] for word in one] for one in sentences] for at, name in enumerate(("tokens", "tags"))}


def xcopa(data):
    rows = [json.loads(line) for line in lines(data / "xcopa/data/sw/test.sw.jsonl")]
    return {name: [row[name] for row in rows] for name in rows[0]} | {"label": [str(row["label"]) for row in rows]}


def tatoeba(data):
    foreign, english = (lines(data / f"tatoeba/v1/tatoeba.swh-eng.{code}") for code in ("swh", "eng"))
    return {"foreign": [f"{one}\n" for one in foreign], "english": english}


MADE = {
    "pairs": (PAWSX, "de", Split.TEST, pawsx),
    "tags": (PANX, "sw", Split.VALIDATION, panx),
    "questions": (XQUAD, "de", Split.TEST, lambda data: of_squad(data / "xquad/xquad.de.json")),
    "questions, by id": (
        TYDIQA,
        "fi",
        Split.TEST,
        lambda data: of_squad(*sorted((data / "tydiqa_goldp/tydiqa-goldp-v1.1-dev").glob("*.json"))),
    ),
    "choices": (XCOPA, "sw", Split.TEST, xcopa),
    "pool": (TATOEBA, "sw", Split.TEST, tatoeba),
}


@pytest.mark.parametrize(("task", "language", "split", "made"), MADE.values(), ids=MADE)
def test_rows_of_the_hub_have_the_fingerprint_of_the_official_files(task, language, split, made, shared_data):
    rows = task.candidates[0].rows(made(shared_data), language)
    official = task.load(language, split, Data(Origin.FOLDER, shared_data)).provenance
    assert len(rows) == official.n_rows > 300
    assert rows.fingerprint() == official.fingerprint
