"""Code-switching: what is switched and how often, and that every epoch is another copy."""

import math
import random

import pytest
from xbench_methods.code_switch import CodeSwitch, CodeSwitchOptions
from xbench_methods.code_switching import Switcher
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.lexicon import Lexicon

from tests.plugins import test_chooser, test_tagger, tiny
from xbench.contracts import Resource, Scope, Split, TaskKind
from xbench.errors import ScopeError

SWITCH = CodeSwitch()
TASK = tiny.ToyTask()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
TEST = tiny.coloured("de", 60, seed=1)
CIPHER = [(word, tiny.spoken(word, "de")) for word in tiny.WORDS]
TEXTS = tiny.coloured("en", 300).inputs


def context(targets=("de",), pairs=CIPHER, seed=0, examples=None):
    paired = {(Resource.DICTIONARY, target): pairs for target in targets if target != "sw"}
    examples = {("en", Split.TRAIN): examples or tiny.coloured("en", 48)}
    return tiny.ToyContext(examples, paired_with=paired, targets=targets, seed=seed)


def fitted(given=None, task=TASK, **options):
    return SWITCH.fit(tiny.encoder("en", "de"), task, CodeSwitchOptions(**(QUICK | options)), given or context())


def predicted(predictor):
    return predictor.predict(TEST.inputs, "de")


def switcher(ratio=1.0, cross=0.5, seed=0, **lexicons):
    lexicons = lexicons or {"de": CIPHER}
    return Switcher({language: Lexicon.of(pairs) for language, pairs in lexicons.items()}, ratio, cross, seed)


def copied(by, inputs=TEXTS, epoch=0, kind=TaskKind.SEQUENCE_CLASSIFICATION):
    return by.copy(kind, inputs, epoch)


def test_no_ratio_and_no_cross_are_the_identity():
    assert copied(switcher(ratio=0.0)).equals(TEXTS)
    assert copied(switcher(cross=0.0)).equals(TEXTS)


def test_without_a_ratio_it_is_finetune():
    given = tiny.ToyContext({("en", Split.TRAIN): tiny.coloured("en", 48)})
    wanted = Finetune().fit(tiny.encoder("en", "de"), TASK, FinetuneOptions(**QUICK), given)
    assert predicted(fitted(ratio=0.0)).equals(predicted(wanted))


def test_all_words_are_switched_where_nothing_is_left_to_chance():
    found = copied(switcher(cross=1.0))["text"].to_pylist()
    assert found == [" ".join(tiny.spoken(word, "de") for word in text.split()) for text in TEXTS["text"].to_pylist()]


def test_one_word_for_one_keeps_the_length_and_the_words_that_are_not_switched():
    for before, after in zip(TEXTS["text"].to_pylist(), copied(switcher())["text"].to_pylist(), strict=True):
        pairs = list(zip(before.split(), after.split(), strict=True))
        assert all(new in (old, tiny.spoken(old, "de")) for old, new in pairs)


def test_what_is_drawn_depends_on_seed_epoch_and_row_alone():
    whole = copied(switcher())["text"].to_pylist()
    assert copied(switcher())["text"].to_pylist() == whole
    assert copied(switcher(), TEXTS.slice(0, 7))["text"].to_pylist() == whole[:7]
    assert copied(switcher(), epoch=1)["text"].to_pylist() != whole
    assert copied(switcher(seed=1))["text"].to_pylist() != whole
    by = switcher()
    copied(by, epoch=3)
    assert copied(by)["text"].to_pylist() == whole


@pytest.mark.parametrize(("ratio", "cross"), [(1.0, 0.5), (0.6, 0.5), (1.0, 0.9)])
def test_the_rate_is_ratio_times_cross_times_coverage(ratio, cross):
    draw = random.Random(0)
    known = [f"w{number}" for number in range(60)]
    inputs = tiny.table([" ".join(f"w{draw.randrange(100)}" for _ in range(10)) for _ in range(3000)])
    by = switcher(ratio, cross, de=[(word, "x") for word in known])
    words = [word for text in inputs["text"].to_pylist() for word in text.split()]
    coverage = sum(word in set(known) for word in words) / len(words)
    copied(by, inputs)
    wanted = ratio * cross * coverage
    # Words of a row share one draw of the ratio, so that the rows are what is independent; 3.29 is 99.9 %.
    inside = cross * coverage
    spread = ratio * (inside * (1 - inside) / 10 + inside**2) - wanted**2
    assert by.rates()["de"] == pytest.approx(wanted, abs=3.29 * math.sqrt(spread / 3000))


def test_languages_share_the_words_alike_and_phrases_go_as_one():
    by = switcher(cross=1.0, de=[("seven stones", "SIEBENSTEINE")], fr=[("seven", "sept")])
    inputs = tiny.table(["Seven stones!"] * 400)
    found = copied(by, inputs)["text"].to_pylist()
    assert set(found) == {"SIEBENSTEINE!", "sept stones!"}
    assert 140 < found.count("sept stones!") < 260
    assert by.rates() == {"de": found.count("SIEBENSTEINE!") * 2 / 800, "fr": found.count("sept stones!") / 800}


def test_tokens_stay_tokens_and_labels_stay():
    examples = test_tagger.tagged("en", 30)
    by = switcher(cross=1.0, de=[("sky", "blauer Himmel"), ("the house", "Haus")])
    found = copied(by, examples.inputs, kind=TaskKind.TOKEN_CLASSIFICATION)["tokens"].to_pylist()
    before = examples.inputs["tokens"].to_pylist()
    assert found == [["blauer Himmel" if word == "sky" else word for word in row] for row in before]
    given = context(examples=examples)
    predictor = fitted(given, test_tagger.TASK)
    assert len(predictor.predict(examples.inputs, "de")) == 30


def test_a_sentence_that_grows_over_several_rows_is_trained_on_whole():
    given = context(pairs=[(word, "house " * 20) for word in tiny.WORDS], examples=test_tagger.tagged("en", 24))
    fitted(given, test_tagger.TASK, cross=1.0, max_length=32)
    assert given.logged["switched"] == {"de": 1.0}


def test_choices_are_switched():
    inputs = test_chooser.rows(("sky", ["sea", "leaf"]))
    found = copied(switcher(cross=1.0), inputs, kind=TaskKind.MULTIPLE_CHOICE)
    assert found.to_pydict() == {"text": ["skyde"], "choices": [["seade", "leafde"]]}
    predictor = fitted(context(examples=test_chooser.chosen("en", 24)), test_chooser.TASK)
    assert len(predictor.predict(inputs, "de")) == 1


def test_it_reads_source_labels_and_the_dictionaries_that_there_are():
    options = CodeSwitchOptions()
    assert SWITCH.needs(options) == {Resource.SOURCE_LABELS, Resource.DICTIONARY}
    assert SWITCH.scope(options) is Scope.JOINT
    given = context(targets=("de", "fr", "sw"))
    fitted(given)
    assert given.read == [("en", "train"), ("de", "dictionary pairs"), ("fr", "dictionary pairs")]
    assert Resource.SOURCE_VALIDATION in SWITCH.needs(CodeSwitchOptions(selection="source-dev"))
    with pytest.raises(ScopeError):
        fitted(tiny.ToyContext())


def test_every_epoch_has_a_copy_of_its_own(monkeypatch):
    epochs = []
    copy = Switcher.copy
    monkeypatch.setattr(
        Switcher, "copy", lambda by, kind, inputs, epoch: epochs.append(epoch) or copy(by, kind, inputs, epoch)
    )
    given = context()
    fitted(given, epochs=3)
    assert epochs == [0, 1, 2]
    assert given.logged["switched"]["de"] == pytest.approx(0.5, abs=0.06)


def test_dictionaries_without_a_word_of_the_training_set_are_no_fair_try():
    given = context(pairs=[("xyzzy", "plugh")])
    fitted(given)
    assert "nothing was switched" in given.logged["degenerate"]
    for fair in ({}, {"ratio": 0.0}):
        given = context()
        fitted(given, **fair)
        assert "degenerate" not in given.logged


def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another():
    first, again, other = (predicted(fitted(context(seed=seed))) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_predictor_read_back_predicts_the_same(tmp_path):
    predictor = fitted()
    predictor.save(tmp_path)
    again = SWITCH.load(tiny.encoder("en", "de", seed=9), TASK, CodeSwitchOptions(**QUICK), tmp_path)
    assert predicted(again).equals(predicted(predictor))


@pytest.mark.parametrize("wrong", [{"ratio": -0.1}, {"ratio": 1.1}, {"cross": 2}])
def test_options_without_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="ratio and cross must be from 0 to 1"):
        CodeSwitchOptions(**wrong)
