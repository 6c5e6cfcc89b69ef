import pytest

from tests.fakes import SAMPLE
from xbench.access import Grant, GuardedContext
from xbench.contracts import Resource, Split
from xbench.errors import ScopeError
from xbench.shelf import Shelf
from xbench.tasks import held_out
from xbench.testing import FakeDictionary, FakeTask

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
        "inputs", "paired", "pairs", "preparation", "shots",
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


class TestPairs:
    """Pairs, shots and unlabelled examples: what was declared is given and counted, the rest refused."""

    GIVEN = Grant(
        "en",
        ("de", "fr"),
        inputs={"de": TRAIN},
        shots={"de": TRAIN},
        pairs={(Resource.DICTIONARY, "de"): FakeDictionary()},
    )

    def context(self, seed=0, grant=GIVEN):
        return GuardedContext(grant, Shelf(SAMPLE), seed, "cpu", lambda step, steps, loss: None)

    def test_pairs_are_given_for_the_targets_that_have_them(self):
        one = self.context()
        assert one.paired(Resource.DICTIONARY) == ("de",)
        assert one.paired(Resource.PARALLEL) == ()
        assert one.pairs(Resource.DICTIONARY, "de")[0] == ("rain", "rain-de")
        assert one.read == {"dictionary pairs": {"de": len(one.pairs(Resource.DICTIONARY, "de"))}}
        for resource, target in ((Resource.DICTIONARY, "fr"), (Resource.PARALLEL, "de"), (Resource.TRANSLATIONS, "de")):
            with pytest.raises(ScopeError, match=f"asked for {resource} with '{target}'"):
                one.pairs(resource, target)

    def test_shots_are_nested_counted_and_drawn_from_the_seed_alone(self):
        few, more = (self.context().shots("de", count) for count in (3, 7))
        assert few.inputs["text"].to_pylist() == more.inputs["text"].to_pylist()[:3]
        assert len(few.gold) == 3
        assert self.context().shots("de", 7).provenance == more.provenance
        assert self.context(seed=1).shots("de", 7).inputs != more.inputs
        assert len(self.context().shots("de", 99).inputs) == 12
        one = self.context()
        one.shots("de", 5)
        assert one.read == {"target labels": {"de": 5}}
        with pytest.raises(ScopeError, match="asked for train labels in 'de'"):
            one.labelled("de")
        with pytest.raises(ScopeError, match="asked for shots in 'fr'"):
            one.shots("fr", 1)

    def test_unlabelled_examples_have_no_labels(self):
        one = self.context()
        assert one.inputs("de").column_names == ["text"]
        assert one.read == {"unlabelled target examples": {"de": 12}}
        with pytest.raises(ScopeError, match="asked for unlabelled examples in 'fr'"):
            one.inputs("fr")

    def test_the_fingerprint_tells_of_each(self):
        told = self.GIVEN.fingerprint(Shelf(SAMPLE))
        assert set(told) == {"source", "targets", "texts", "labels", "inputs", "shots", "pairs"}
        assert set(told["pairs"]) == {"dictionary pairs de"}
        fewer = self.GIVEN.fingerprint(Shelf(SAMPLE, 2))
        assert all(fewer[part] != told[part] for part in ("inputs", "shots", "pairs"))

    def test_one_pair_in_ten_is_kept_back_by_its_source_text(self):
        words = tuple(f"word{number}" for number in range(2000))
        grant = Grant("en", ("de",), pairs={(Resource.DICTIONARY, "de"): FakeDictionary(words=words)})
        given = self.context(grant=grant).pairs(Resource.DICTIONARY, "de")
        assert 1750 < len(given) < 1850
        assert not any(map(held_out, given))
        other = FakeDictionary(words=words[::-1])
        again = self.context(grant=Grant("en", ("de",), pairs={(Resource.DICTIONARY, "de"): other}))
        assert set(again.pairs(Resource.DICTIONARY, "de")) == set(given)  # whatever the order and the pairs beside
