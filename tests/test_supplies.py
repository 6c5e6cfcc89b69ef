"""What a plan grants of pairs, shots and unlabelled examples, and what it skips where there are none."""

import json
from dataclasses import dataclass, field

import pytest

from tests.fakes import SAMPLE, run, session
from xbench.access import Grant, GuardedContext
from xbench.contracts import Resource, Scope, Split
from xbench.errors import DataError, UsageError
from xbench.plan import StageKind
from xbench.shelf import Shelf
from xbench.testing import FakeAligner, FakeDictionary, FakeMethod, FakePlugin, FakeTask, check_resource

ALIGNED = "fake-aligner+fake-method"


@dataclass(frozen=True)
class Options:
    dictionary: str = "auto"
    drop: int = 0


@dataclass
class ByDictionary(FakeAligner):
    """Learns the words from a dictionary."""

    wanted: frozenset = frozenset({Resource.DICTIONARY})
    Options: type = Options
    seen: list = field(default_factory=list)

    def needs(self, options):
        return self.wanted

    def fit(self, encoder, options, context):
        for resource in self.wanted & {Resource.DICTIONARY}:
            for target in context.paired(resource):
                self.seen.append((target, len(context.pairs(resource, target))))
                encoder.meanings |= {word: meaning for meaning, word in context.pairs(resource, target)}
        return encoder


def plugin(tmp_path, *resources, **things):
    return FakePlugin(tmp_path, resources=list(resources), **({"aligners": [ByDictionary()]} | things))


def grants(opened):
    return [stage.grant for stage in opened.plan.stages().values() if stage.kind is StageKind.ALIGN]


def test_a_joint_aligner_gets_the_pairs_there_are_and_the_targets_without_are_skipped(tmp_path):
    only = FakeDictionary(languages=("de",))
    opened, summary = run(tmp_path, plugin(tmp_path, only), (ALIGNED,))
    assert {at for grant in grants(opened) for at in grant.pairs} == {(Resource.DICTIONARY, "de")}
    assert dict(summary.counts) == {"ok": 2, "skipped": 1, "failed": 0}
    (skipped,) = opened.plan.skipped
    assert skipped.cell.target == "fr"
    assert "fake-aligner needs dictionary pairs of en with fr, and fake-dictionary of sample has none" in skipped.reason


def test_what_was_read_of_a_dictionary_is_supervision(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path, FakeDictionary()), (ALIGNED,))
    (result, *_) = map(json.loads, (opened.folder / "results.jsonl").read_text().splitlines())
    assert result["supervision"]["dictionary pairs"] == {"de": 3, "fr": 3}


def test_the_first_resource_by_name_is_taken_or_the_one_that_is_named(tmp_path):
    two = [FakeDictionary(name="b-words"), FakeDictionary(name="a-words", languages=("de",), words=("sun",))]
    (grant,) = grants(session(tmp_path, plugin(tmp_path, *two), (ALIGNED,)))
    assert {at: paired.name for (_, at), paired in grant.pairs.items()} == {"de": "a-words", "fr": "b-words"}
    (grant,) = grants(session(tmp_path, plugin(tmp_path, *two), ("fake-aligner[dictionary=b-words]+fake-method",)))
    assert {paired.name for paired in grant.pairs.values()} == {"b-words"}
    with pytest.raises(UsageError, match=r"no resource of dictionary pairs is called 'c-words'.*a-words, b-words"):
        session(tmp_path, plugin(tmp_path, *two), ("fake-aligner[dictionary=c-words]+fake-method",))


def test_a_changed_pair_is_another_alignment(tmp_path):
    first, other = (
        session(tmp_path, plugin(tmp_path, FakeDictionary(words=words)), (ALIGNED,)).plan.cells[0].score.key
        for words in (("sun", "rain"), ("sun", "snow"))
    )
    assert first != other


def test_parallel_sentences_are_no_dictionary(tmp_path):
    with pytest.raises(DataError, match="needs dictionary pairs of en with any target"):
        session(tmp_path, plugin(tmp_path, FakeDictionary(supplies=Resource.PARALLEL)), (ALIGNED,))


def method(resource):
    class Needs(FakeMethod):
        def needs(self, options):
            return frozenset({Resource.SOURCE_LABELS, resource})

        def scope(self, options):
            return Scope.PAIRWISE

    return Needs()


@pytest.mark.parametrize("resource", [Resource.TARGET_SHOTS, Resource.TARGET_INPUTS])
@pytest.mark.parametrize(
    ("absent", "split", "place"),
    [((), "test", Split.TRAIN), ((Split.TRAIN,), "test", Split.VALIDATION), ((), "dev", Split.TRAIN)],
)
def test_shots_and_inputs_come_from_train_or_validation_but_never_from_what_is_judged(
    tmp_path, resource, absent, split, place
):
    task = FakeTask(absent=frozenset(("de", part) for part in absent))
    made = FakePlugin(tmp_path, tasks=[task], methods=[method(resource)])
    opened = session(tmp_path, made, suite=f"fake-suite[split={split}]", languages=("de",))
    fits = [stage.grant for stage in opened.plan.stages().values() if stage.kind is StageKind.FIT]
    given = [grant.shots if resource is Resource.TARGET_SHOTS else grant.inputs for grant in fits]
    assert (task, place) in [found.get("de") for found in given]


@pytest.mark.parametrize("resource", [Resource.TARGET_SHOTS, Resource.TARGET_INPUTS])
def test_where_only_what_is_judged_is_left_the_cell_is_skipped(tmp_path, resource):
    task = FakeTask(absent=frozenset({("de", Split.TRAIN)}))
    made = FakePlugin(tmp_path, tasks=[task], methods=[method(resource)])
    opened = session(tmp_path, made, suite="fake-suite[split=dev]", languages=("de",))
    assert [skip.cell.target for skip in opened.plan.skipped] == ["de"]


def test_a_resource_keeps_its_contract():
    check_resource(FakeDictionary(), SAMPLE)


def test_a_method_that_learns_each_target_by_itself_needs_no_pairs_in_the_source(tmp_path):
    made = FakePlugin(tmp_path, methods=[method(Resource.DICTIONARY)], resources=[FakeDictionary()])
    opened = session(tmp_path, made)
    assert {cell.cell.target for cell in opened.plan.cells} == {"en", "de", "fr"}
    assert not opened.plan.skipped


def test_translations_are_all_given_for_none_of_them_measures():
    words = tuple(f"word{number}" for number in range(100))
    pairs = FakeDictionary(supplies=Resource.TRANSLATIONS, words=words)
    grant = Grant("en", ("de",), pairs={(Resource.TRANSLATIONS, "de"): pairs})
    context = GuardedContext(grant, Shelf(SAMPLE), 0, "cpu", lambda step, steps, loss: None)
    assert len(context.pairs(Resource.TRANSLATIONS, "de")) == 100
