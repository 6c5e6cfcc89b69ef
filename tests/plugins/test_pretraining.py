"""Continued pre-training (`mlm`, `tlm`, `continue`): what is drawn, what is learned, what is logged."""

import random
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
import torch
from xbench_aligners.continued import Continue
from xbench_aligners.mlm import Mlm, MlmOptions
from xbench_aligners.pretraining import drawn, sampling, within
from xbench_aligners.tlm import Tlm, TlmOptions

from tests.plugins import tiny
from xbench.contracts import Resource, Scope
from xbench.errors import StageError

FEW = {"steps": 4, "batch_size": 8, "head_steps": 2, "learning_rate": 1e-3, "rate": 0.3}
TEXT = {Resource.SOURCE_TEXT, Resource.TARGET_TEXT}


def cipher(rows=300, seed=0):
    """Sentences of any words in any order, with the same in German, word for word: only the other half tells."""
    draw = random.Random(seed)
    chosen = [draw.sample(tiny.WORDS, 4) for _ in range(rows)]
    return [tuple(" ".join(tiny.spoken(word, of) for word in words) for of in ("en", "de")) for words in chosen]


def context(targets=("de",), seed=0, pairs=None, texts=True):
    rows = cipher() if pairs is None else pairs
    given = {"en": [one for one, _ in rows], "de": [other for _, other in rows]} if texts else {}
    parallel = {(Resource.PARALLEL, "de"): rows}
    return tiny.ToyContext(texts=given, paired_with=parallel, targets=targets, seed=seed)


def encoder(seed=0):
    return tiny.encoder("en", "de", seed=seed)


def fitted(aligner, options, given=None, on=None):
    """The encoder and what was logged."""
    given = given or context()
    return aligner.fit(on or encoder(), options, given), given.logged


@pytest.mark.parametrize(
    ("alpha", "wanted"), [(1.0, [0.9, 0.1]), (0.0, [0.5, 0.5]), (0.5, [0.75, 0.25])], ids=["as it is", "level", "root"]
)
def test_languages_are_drawn_by_a_power_of_their_size(alpha, wanted):
    assert list(sampling({"en": 900, "sw": 100}, 1.0, alpha).values()) == pytest.approx(wanted)
    assert sum(sampling({"en": 900, "sw": 100}, 0.3, alpha).values()) == pytest.approx(0.3)


def parts():
    made = encoder()
    texts = {"en": ["sky"] * 30, "de": ["skyde rosede seade"] * 10}
    return {name: made.tokenize(of, None, name, 32) for name, of in texts.items()}


def test_rows_come_as_often_as_their_chance_and_each_before_any_comes_again():
    rows = list(islice(drawn(parts(), {"en": 0.25, "de": 0.75}, torch.Generator().manual_seed(0)), 4000))
    assert Counter(name for name, _ in rows)["de"] == pytest.approx(3000, abs=100)
    of_german = [row for name, row in rows if name == "de"]
    assert all(sorted(of_german[at : at + 10]) == list(range(10)) for at in range(0, 2900, 10))


def test_a_budget_is_in_updates_or_in_tokens():
    rows = [("en", 0), ("de", 0), ("en", 1), ("de", 1)]  # of 3 and 5 tokens by turns
    assert within(iter(rows), parts(), MlmOptions(steps=1, batch_size=3)) == rows[:3]
    for tokens, count in ((1, 1), (3, 1), (4, 2), (8, 2), (9, 3)):
        assert within(iter(rows), parts(), MlmOptions(tokens=tokens)) == rows[:count]


def related(seed=0):
    """An encoder for which German is English moved by one direction: what stands beside a word can be read at once."""
    made = encoder(seed)
    table, tokenizer = made.embeddings()[0], made.tower("en").tokenizer
    axis = torch.randn(table.shape[1], generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        table.mul_(5.0)  # the initial 0.02 is small beside the positions
        for word in tiny.WORDS:
            english, german = tokenizer.convert_tokens_to_ids([word, tiny.spoken(word, "de")])
            table[german] = table[english] + 0.05 * axis
    return made


@pytest.fixture(scope="module")
def learned():
    """What is logged where a hidden word stands beside its translation, beside any sentence, and alone."""
    options = {"steps": 220, "batch_size": 32, "learning_rate": 1.5e-2, "head_steps": 20, "rate": 0.3}
    rows = cipher(600)
    others = [other for _, other in rows]
    random.Random(0).shuffle(others)
    unrelated = [(one, other) for (one, _), other in zip(rows, others, strict=True)]
    given = {
        "tlm": (Tlm(), TlmOptions(**options), context(pairs=rows, texts=False)),
        "unrelated": (Tlm(), TlmOptions(**options), context(pairs=unrelated, texts=False)),
        "mlm": (Mlm(), MlmOptions(**options), context(pairs=rows)),
    }
    return {name: fitted(*parts, on=related())[1] for name, parts in given.items()}


def test_with_the_translation_beside_it_a_hidden_word_is_told_better(learned):
    perplexity = learned["tlm"]["perplexity"]["en-de"]
    assert perplexity < 0.5 * min(learned["mlm"]["perplexity"].values())
    assert perplexity < 0.5 * learned["unrelated"]["perplexity"]["en-de"], "it is the translation that tells"


def test_the_perplexity_of_held_out_text_falls_in_every_language(learned):
    for name, names in (("mlm", {"en", "de"}), ("tlm", {"en-de"}), ("unrelated", {"en-de"})):
        logged = learned[name]
        before, after = logged["perplexity_before"], logged["perplexity"]
        assert set(before) == set(after) == names
        assert all(after[name] < before[name] for name in names)
        assert "degenerate" not in logged


def test_the_ledger_tells_updates_tokens_and_texts():
    _, logged = fitted(Mlm(), MlmOptions(**FEW))
    assert logged["updates"] == {"head": 2, "encoder": 4}
    assert logged["tokens"] == {"head": 2 * 8 * 6, "encoder": 4 * 8 * 6}, "four words and two special tokens"
    assert logged["texts"] == {"en": 270, "de": 270}, "one in ten measures"
    assert len(logged["losses"]) == 4
    _, logged = fitted(Mlm(), MlmOptions(**FEW, tokens=100))
    assert logged["tokens"]["encoder"] == 102
    assert logged["updates"]["encoder"] == 3


def test_the_control_with_the_same_options_makes_as_many_updates_on_as_many_tokens_of_the_source():
    _, control = fitted(Continue(), MlmOptions(**FEW), replace(context(()), texts={"en": context().texts["en"]}))
    _, logged = fitted(Mlm(), MlmOptions(**FEW))
    assert (control["updates"], control["tokens"]) == (logged["updates"], logged["tokens"])
    assert set(control["texts"]) == {"en"}


def test_a_run_that_made_text_less_likely_is_degenerate():
    _, logged = fitted(Mlm(), MlmOptions(**{**FEW, "steps": 12, "learning_rate": 0.5}))
    assert logged["degenerate"].startswith("the perplexity of held-out text rose from ")


def test_a_run_that_tells_words_no_better_than_a_guess_is_degenerate(monkeypatch):
    readings = iter([99.0, 99.0, 90.0, 90.0])
    monkeypatch.setattr("xbench_encoders.held_out.perplexity", lambda *_: next(readings))
    _, logged = fitted(Mlm(), MlmOptions(**FEW))
    size = len(tiny.SPECIAL) + len(tiny.vocabulary("en", "de"))
    assert logged["degenerate"] == f"the perplexity of held-out text is 90, of a mere guess {size}"


def test_before_the_encoder_learns_only_the_head_does():
    options = MlmOptions(**{**FEW, "steps": 1, "head_steps": 99, "learning_rate": 1e-12, "head_learning_rate": 0.05})
    made = encoder()
    before = tiny.weights(made)
    after, logged = fitted(Mlm(), options, on=made)
    assert all(torch.allclose(value, before[name], atol=1e-9) for name, value in tiny.weights(after).items())
    assert logged["perplexity_before"]["en"] < 0.7 * len(tiny.vocabulary("en", "de")), "the head has learned"


ALIGNERS = [
    pytest.param(Mlm(), MlmOptions(**FEW), id="mlm"),
    pytest.param(Tlm(), TlmOptions(**FEW), id="tlm"),
    pytest.param(Tlm(), TlmOptions(**FEW, mix=0.5), id="tlm with text"),
    pytest.param(Continue(), MlmOptions(**FEW), id="continue"),
]


@pytest.mark.parametrize(("aligner", "options"), ALIGNERS)
def test_a_seed_decides_every_bit(aligner, options):
    first, again, other = (tiny.weights(fitted(aligner, options, context(seed=seed))[0]) for seed in (1, 1, 2))
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


@pytest.mark.parametrize(("aligner", "options"), ALIGNERS)
def test_an_encoder_is_saved_and_read_back_to_the_bit(aligner, options, tmp_path):
    after, _ = fitted(aligner, options)
    assert not tiny.same(tiny.weights(after), tiny.weights(encoder()))
    aligner.save(after, tmp_path)
    assert tiny.same(tiny.weights(aligner.load(encoder(), tmp_path)), tiny.weights(after))


class Reads(tiny.ToyContext):
    """Also keeps whose text was read."""

    def text(self, language):
        self.read.append((language, "source text" if language == self.source else "target text"))
        return super().text(language)


@pytest.mark.parametrize(("aligner", "options"), ALIGNERS)
def test_what_is_read_is_what_was_declared(aligner, options):
    given = Reads(**{**vars(context()), "targets": () if aligner.scope(options) is Scope.SOURCE else ("de",)})
    fitted(aligner, options, given)
    assert {what for _, what in given.read} == aligner.needs(options)


def test_each_declares_what_it_needs():
    assert (Mlm().needs(MlmOptions()), Mlm().scope(MlmOptions())) == (TEXT, Scope.JOINT)
    assert (Tlm().needs(TlmOptions()), Tlm().scope(TlmOptions())) == ({Resource.PARALLEL}, Scope.JOINT)
    assert Tlm().needs(TlmOptions(mix=0.1)) == {Resource.PARALLEL, *TEXT}
    assert (Continue().needs(MlmOptions()), Continue().scope(MlmOptions())) == ({Resource.SOURCE_TEXT}, Scope.SOURCE)


def test_a_share_of_the_rows_may_be_plain_text():
    _, logged = fitted(Tlm(), TlmOptions(**{**FEW, "steps": 40}, mix=0.5))
    assert set(logged["perplexity"]) == {"en-de", "en", "de"}
    plain, paired = 6, 11  # tokens a row
    share = (logged["tokens"]["encoder"] / (40 * 8) - plain) / (paired - plain)
    assert share == pytest.approx(0.5, abs=0.1)


def test_paired_monolingual_models_learn_each_its_own_text_and_no_pairs():
    made = tiny.paired(en=1, de=2)
    before = tiny.weights(made)
    after, _ = fitted(Mlm(), MlmOptions(**FEW), on=made)
    changed = {name.split(".")[0] for name, one in tiny.weights(after).items() if not torch.equal(one, before[name])}
    assert changed == {"tower_en", "tower_de"}
    with pytest.raises(StageError, match="en and de have models of their own"):
        fitted(Tlm(), TlmOptions(**FEW), on=tiny.paired(en=1, de=2))


def test_too_little_text_is_refused():
    with pytest.raises(StageError, match="needs at least 2 texts in en; there are 1"):
        fitted(Mlm(), MlmOptions(**FEW), replace(context(), texts={"en": ["sky", ""], "de": ["skyde", "seade"]}))
    with pytest.raises(StageError, match="needs at least 2 texts in en-de; there are 1"):
        fitted(Tlm(), TlmOptions(**FEW), context(pairs=cipher(1)))


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"tokens": 0}, {"rate": 1.0}, {"alpha": 2.0}, {"max_length": 4},
                                   {"learning_rate": 0.0}, {"head_steps": -1}])  # fmt: skip
def test_a_wrong_option_is_refused(wrong):
    for options in (MlmOptions, TlmOptions):
        with pytest.raises(ValueError, match="must be"):
            options(**wrong)
    with pytest.raises(ValueError, match="mix must be"):
        TlmOptions(mix=1.0)
