"""Reading from the hub: unmodified clients in a subprocess against a hub on this machine, with the real layouts."""

import time
from functools import partial

import pytest
from xbench_tasks.americasnli import AMERICASNLI
from xbench_tasks.sib200 import SIB200
from xbench_tasks.snli import SNLI
from xbench_tasks.xnli import XNLI

from tests import hub_server
from tests.plugins import hub_client
from tests.plugins.hub_client import parquet, repository
from xbench.contracts import Data, Origin, Split
from xbench.errors import MissingDataError

HUB = Data(Origin.HUB)
# What datasets writes into a Parquet file whose label column is a ClassLabel.
NLI_FEATURES = {
    "premise": {"dtype": "string", "_type": "Value"},
    "hypothesis": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["entailment", "neutral", "contradiction"], "_type": "ClassLabel"},
}


def nli(premises, labels, features=NLI_FEATURES):
    columns = {"premise": premises, "hypothesis": [f"{one}?" for one in premises], "label": labels}
    return parquet(columns, features)


XNLI_FILES = {
    "README.md": b"---\nconfigs:\n- config_name: sw\n---\n",
    "sw/test-00000-of-00001.parquet": nli(["a", "b", "c"], [2, 0, 1]),
    "sw/train-00000-of-00001.parquet": nli(["t"], [1]),
    "de/test-00000-of-00001.parquet": nli(["x", "y"], [1, 1], features=None),
}
SNLI_FILES = {"plain_text/test-00000-of-00001.parquet": nli(["a", "b", "c"], [0, -1, 2])}
SIB_FILES = {
    "sib200/dev/ewe_Latn.parquet": parquet(
        {"index_id": [9, 4], "category": ["travel", "health"], "text": ["Yi.", "Gbɔ ɖe eme."]}
    )
}


@pytest.fixture
def load(tmp_path):
    """Load splits in a process of their own: `hub_client.load` with a cache of the test's own."""
    return partial(hub_client.load, tmp_path / "home")


def test_xnli_labels_are_those_the_numbers_stand_for(load):
    with hub_server.serve([repository(XNLI, XNLI_FILES)]) as hub:
        named, bare = load(hub, (XNLI, "sw", "test"), (XNLI, "de", "test"))
    assert named["inputs"] == {"text": ["a", "b", "c"], "text_pair": ["a?", "b?", "c?"]}
    assert named["gold"]["label"] == ["contradiction", "entailment", "neutral"]
    assert bare["gold"]["label"] == ["neutral", "neutral"]
    assert (named["id"], named["origin"]) == ("facebook/xnli", "hub")
    assert named["revision"] == XNLI.candidates[0].revision
    assert named["note"] == "3 rows where the specification has 5,010"
    fetched = {request.rpartition("/")[2] for request in hub.requests if "/resolve/" in request}
    assert fetched == {"test-00000-of-00001.parquet"}, "the training sets stay where they are"


def test_snli_pairs_without_consensus_are_dropped_and_counted(load):
    with hub_server.serve([repository(SNLI, SNLI_FILES)]) as hub:
        (said,) = load(hub, (SNLI, "en", "test"))
    assert said["inputs"]["text"] == ["a", "c"]
    assert said["gold"]["label"] == ["entailment", "contradiction"]
    assert said["note"] == "1 rows without a label dropped; 2 rows where the specification has 9,824"


def test_sib200_rows_are_sorted_by_id(load):
    with hub_server.serve([repository(SIB200, SIB_FILES)]) as hub:
        (said,) = load(hub, (SIB200, "ee", "validation"))
    assert said["inputs"] == {"text": ["Gbɔ ɖe eme.", "Yi."]}
    assert said["gold"] == {"label": ["health", "travel"]}


def test_the_pinned_commit_is_read_although_main_has_moved_on(load):
    moved = repository(SNLI, {"plain_text/test-00000-of-00001.parquet": nli(["new"], [1])}, revision="f" * 40)
    with hub_server.serve([repository(SNLI, SNLI_FILES), moved]) as hub:
        (said,) = load(hub, (SNLI, "en", "test"))
    assert said["inputs"]["text"] == ["a", "c"]


def test_a_wrong_revision_raises_even_with_another_in_the_cache(load):
    wrong = (SNLI, "en", "test", [{"revision": "e" * 40}])
    with hub_server.serve([repository(SNLI, SNLI_FILES)]) as hub:
        _, said = load(hub, (SNLI, "en", "test"), wrong)
    assert said["error"] == "DataError"
    assert f"stanfordnlp/snli at {'e' * 40}: RevisionNotFoundError" in said["text"]
    (said,) = load(hub, wrong)  # the hub is gone, the cache is not
    assert said["error"] == "DataError"


def test_the_second_candidate_is_read_when_the_first_fails(load):
    mirror = repository(SNLI, SNLI_FILES, id="mirror/snli")
    with hub_server.serve([repository(SNLI, SNLI_FILES), mirror]) as hub:
        hub.broken.add("stanfordnlp/snli")
        fails = [{"id": "mirror/none"}, {"file": "no.parquet", "id": "mirror/snli"}]
        found, said = load(hub, (SNLI, "en", "test", [{}, {"id": "mirror/snli"}]), (SNLI, "en", "test", fails))
    assert found["id"] == "mirror/snli"
    assert said["error"] == "DataError"
    assert "mirror/none at cdb5c3d" in said["text"]
    assert "mirror/snli at cdb5c3d" in said["text"]
    assert "there is no file no.parquet" in said["text"]


def test_columns_and_labels_that_are_not_there_are_named(load):
    odd = repository(XNLI, {"sw/test-00000-of-00001.parquet": nli(["a"], ["perhaps"], features=None)})
    renamed = [{"columns": {"text": "sentence", "label": "label"}}]
    with hub_server.serve([repository(SNLI, SNLI_FILES), odd]) as hub:
        column, label = load(hub, (SNLI, "en", "test", renamed), (XNLI, "sw", "test"))
    assert "no column sentence (there are: premise, hypothesis, label)" in column["text"]
    assert "row 1: the label 'perhaps' is none of entailment, neutral, contradiction" in label["text"]


def test_a_hub_that_is_down_is_one_clear_line_at_once_and_what_is_cached_still_loads(load):
    with hub_server.serve([repository(XNLI, XNLI_FILES)]) as hub:
        first = load(hub, (XNLI, "sw", "test"))
        asked = len(hub.requests)
        assert load(hub, (XNLI, "sw", "test")) == first
        assert len(hub.requests) == asked, "a pinned file in the cache needs no request"
    assert load(hub, (XNLI, "sw", "test")) == first
    started = time.monotonic()
    (said,) = load(hub, (XNLI, "de", "test"))
    assert time.monotonic() - started < 15
    assert said["error"] == "DataError"
    assert said["text"].startswith("xnli: cannot read the test split in 'de' from the hub (facebook/xnli at b8dd5d7")
    assert "--data DIR" in said["text"]
    assert "\n" not in said["text"]


def test_what_the_hub_holds_is_known_without_asking_it():
    assert XNLI.available(Split.TEST, HUB) == XNLI.languages
    assert SNLI.available(Split.LENT, HUB) == ("en",)
    assert SIB200.available(Split.VALIDATION, HUB) == SIB200.languages
    with pytest.raises(MissingDataError, match="americasnli has no pinned data set of the hub; name its data with --d"):
        AMERICASNLI.available(Split.TEST, HUB)
    with pytest.raises(MissingDataError, match="no pinned data set of the hub has the test split in 'ay'"):
        AMERICASNLI.load("ay", Split.TEST, HUB)
