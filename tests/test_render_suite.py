import io
import json
from dataclasses import replace

import pandas as pd

from tests.test_render import GOLDEN, small
from xbench.legends import LEGEND, PUBLISHED, SUITE_LEGEND
from xbench.markdown import to_markdown
from xbench.references import Reference
from xbench.render import to_csv, to_json
from xbench.standings import Estimate, SuiteRow, Summary
from xbench.statistics import Interval

SUMMARY = Summary(
    suite="two",
    source="en",
    average="tasks",
    languages={"xnli": ("en", "de", "sw"), "tatoeba": ("de",)},
    metrics={"xnli": "accuracy", "tatoeba": ""},
    groups={"retrieval": ("tatoeba",)},
    seeds=(0, 1),
    rows=(
        SuiteRow(
            "xlmr", "finetune", {"xnli": 70.04, "tatoeba": 50.0}, {"retrieval": 50.0},
            score=Estimate(60.02, Interval(58.0, 62.0)), rank=1,
        ),
        SuiteRow(
            "mbert", "finetune", {"xnli": 68.0, "tatoeba": 50.0}, {"retrieval": 50.0},
            score=Estimate(59.0, Interval(57.0, 61.0)), to_best=Estimate(-1.02, Interval(-2.5, 0.5)), tie=True, rank=1,
        ),
        SuiteRow("mbert", "probe", {"xnli": 60.0, "tatoeba": None}, {"retrieval": None}),
    ),
    notes=("tatoeba: no score of mbert probe, for want of every language",),
)  # fmt: skip
SUITE_TABLE = r"""## two (source en)

Tasks (languages): xnli accuracy (3); tatoeba (1).

The score is the mean of the tasks' scores; seeds 0, 1. Group `retrieval`: tatoeba.

|   rank | model   | recipe     |   score |         95 % |                 to best |   xnli |   tatoeba |   `retrieval` |
|-------:|:--------|:-----------|--------:|-------------:|------------------------:|-------:|----------:|--------------:|
|      1 | `xlmr`  | `finetune` |    60.0 | 58.0 to 62.0 |                    best |   70.0 |      50.0 |          50.0 |
|      1 | `mbert` | `finetune` |    59.0 | 57.0 to 61.0 | tie, -1.0 (-2.5 to 0.5) |   68.0 |      50.0 |          50.0 |
|        | `mbert` | `probe`    |     n/a |          n/a |                     n/a |   60.0 |       n/a |           n/a |

- tatoeba: no score of mbert probe, for want of every language
"""  # noqa: E501


def test_what_a_suite_comes_to_stands_above_its_tables():
    board = replace(small(), summaries=(SUMMARY,))
    assert to_markdown(board) == f"{SUITE_TABLE}\n{GOLDEN}\n{LEGEND}\n{SUITE_LEGEND}\n"
    of_groups = replace(SUMMARY, average="groups")
    assert "The score is the mean of the groups' scores" in to_markdown(replace(small(), summaries=(of_groups,)))


def test_what_a_suite_comes_to_are_the_first_lines_of_csv():
    text = to_csv(replace(small(), summaries=(SUMMARY,)))
    frame = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert frame.measure[:5].tolist() == [
        "task score",
        "task score",
        "group score",
        "suite score",
        "difference to best",
    ]
    assert frame.task[:4].tolist() == ["xnli", "tatoeba", "retrieval", "two"]
    assert frame.metric[:3].tolist() == ["accuracy", "", ""]
    assert frame.iloc[3][["score", "lower", "upper", "rank", "seeds"]].tolist() == ["60.02", "58.0", "62.0", "1", "0 1"]
    assert frame[frame.recipe == "probe"].score.tolist() == ["60.0", "", "", "", ""]
    assert text.endswith(to_csv(small()).partition("\n")[2])


def test_summaries_and_published_numbers_are_in_json_where_there_are_any():
    found = json.loads(to_json(replace(small(), summaries=(SUMMARY,), references=NUMBERS[:1])))
    assert found["summaries"][0]["rows"][2]["tasks"] == {"xnli": 60.0, "tatoeba": None}
    assert found["references"] == [
        {"source": "paper", "model": "XLM-R", "of": "xnli", "metric": "accuracy", "language": "", "score": 79.25}
    ]
    assert json.loads(to_json(small())).keys() == {"tables"}


NUMBERS = (
    Reference("paper", "XLM-R", "xnli", "accuracy", "", 79.25),
    Reference("paper", "XLM-R", "xquad", "f1", "", 76.6),
    Reference("README", "XLM-R", "xnli", "accuracy", "", 80.0),
    Reference("paper", "XLM-R", "xnli", "accuracy", "en", 89.1),
    Reference("paper", "XLM-R", "xnli", "accuracy", "sw", 71.0),
    Reference("paper", "mT5 <XXL>", "xnli", "accuracy", "sw", 100.0),
)
PUBLISHED_TABLES = r"""
| model   | source   |   xnli accuracy |   xquad f1 |
|:--------|:---------|----------------:|-----------:|
| XLM-R   | paper    |           79.25 |       76.6 |
| XLM-R   | README   |            80.0 |        n/a |

### xnli: accuracy

| model       | source   |   en |    sw |
|:------------|:---------|-----:|------:|
| XLM-R       | paper    | 89.1 |  71.0 |
| mT5 `<XXL>` | paper    |  n/a | 100.0 |
"""


def test_published_numbers_stand_apart_by_model_and_source_as_they_were_published():
    text = to_markdown(replace(small(), references=NUMBERS))
    assert text == f"{GOLDEN}\n{PUBLISHED}\n{PUBLISHED_TABLES}\n{LEGEND}\n"


def test_published_numbers_are_the_last_lines_of_csv():
    frame = pd.read_csv(io.StringIO(to_csv(replace(small(), references=NUMBERS))), keep_default_na=False)
    last = frame[frame.measure == "published"]
    assert last.index[-1] == len(frame) - 1
    assert last[["task", "metric", "model", "dataset", "origin", "language", "score", "rank"]].iloc[3].tolist() == [
        "xnli", "accuracy", "XLM-R", "paper", "published", "en", "89.1", "",
    ]  # fmt: skip
