import pytest

from tests.fakes import SAMPLE
from xbench.access import Grant, GuardedContext
from xbench.contracts import Split
from xbench.errors import ScopeError
from xbench.shelf import Shelf
from xbench.testing import FakeTask

TASK = FakeTask()
TRAIN, VALIDATION = (TASK, Split.TRAIN), (TASK, Split.VALIDATION)
GRANTS = {
    "nothing": Grant("en"),
    "source labels": Grant("en", labels={("en", Split.TRAIN): TRAIN}),
    "validation": Grant("en", labels={("en", Split.VALIDATION): VALIDATION}),
    "target labels": Grant("en", ("de",), labels={("de", Split.TRAIN): TRAIN}),
    "texts": Grant("en", ("de",), texts={"en": TRAIN, "de": TRAIN}),
}


def context(grant):
    return GuardedContext(GRANTS[grant], Shelf(SAMPLE), 0, "cpu", lambda step, steps, loss: None)


@pytest.mark.parametrize("grant", GRANTS)
def test_what_was_not_declared_cannot_be_read(grant):
    given = GRANTS[grant]
    for language in ("en", "de", "fr", "xx"):
        for split in Split:
            if (language, split) not in given.labels:
                with pytest.raises(ScopeError, match=f"asked for {split} labels in '{language}'"):
                    context(grant).labelled(language, split)
        if language not in given.texts:
            with pytest.raises(ScopeError, match=f"asked for text in '{language}'"):
                context(grant).text(language)


def test_a_refusal_says_what_was_granted():
    with pytest.raises(ScopeError, match=r"\(granted: en, de\)"):
        context("texts").text("fr")
    with pytest.raises(ScopeError, match=r"\(granted: nothing\)"):
        context("nothing").text("en")


@pytest.mark.parametrize(
    ("grant", "reads", "counts"),
    [
        ("source labels", [("en", Split.TRAIN)], {"source labels": {"en": 12}}),
        ("validation", [("en", Split.VALIDATION)], {"source validation labels": {"en": 6}}),
        ("target labels", [("de", Split.TRAIN)], {"target labels": {"de": 12}}),
        ("texts", ["en", "de"], {"source text": {"en": 12}, "target text": {"de": 12}}),
        ("texts", ["de", "de"], {"target text": {"de": 12}}),
        ("texts", [], {}),
    ],
)
def test_what_was_read_is_counted_and_nothing_else(grant, reads, counts):
    one = context(grant)
    for read in reads:
        one.text(read) if isinstance(read, str) else one.labelled(*read)
    assert one.read == counts


def test_a_refused_read_is_not_counted():
    one = context("texts")
    with pytest.raises(ScopeError):
        one.labelled("de")
    assert one.read == {}


def test_texts_have_no_labels_beside_them_and_no_doubles():
    texts = context("texts").text("de")
    assert texts[:2] == ["de train 0: rain", "de train 1: snow-de"]
    assert len(set(texts)) == len(texts)


def test_a_context_offers_no_way_round_its_grant():
    one = context("texts")
    assert {name for name in dir(one) if not name.startswith("_")} == {
        "source", "targets", "seed", "device", "text", "labelled", "score", "progress", "log", "read", "diagnostics",
    }  # fmt: skip


def test_a_fingerprint_names_languages_and_the_rows_that_may_be_read():
    shelf = Shelf(SAMPLE)
    prints = {grant: GRANTS[grant].fingerprint(shelf) for grant in GRANTS}
    assert prints["texts"]["targets"] == ["de"]
    assert set(prints["texts"]["texts"]) == {"en", "de"}
    assert prints["source labels"]["labels"] == {
        "en train": TASK.load("en", Split.TRAIN, SAMPLE).provenance.fingerprint
    }
    assert len({str(one) for one in prints.values()}) == len(GRANTS)


def test_a_limit_cuts_inputs_and_gold_alike_and_is_another_fingerprint():
    whole = Shelf(SAMPLE).load(TASK, "de", Split.TEST)
    cut = Shelf(SAMPLE, 5).load(TASK, "de", Split.TEST)
    assert len(cut.inputs) == len(cut.gold) == cut.provenance.n_rows == 5
    assert cut.provenance.fingerprint != whole.provenance.fingerprint
    assert cut.provenance.note == "first 5 of 12 rows"
    assert Shelf(SAMPLE, 12).load(TASK, "de", Split.TEST).provenance == whole.provenance
