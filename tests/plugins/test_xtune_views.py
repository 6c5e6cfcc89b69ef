"""Views of consistency fine-tuning that are other pieces of a text or its translation."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.segmentation import Cutter, pieces_of
from xbench_methods.consistency import Consistent, Weights
from xbench_methods.labelled_rows import Sentences, Texts
from xbench_methods.translate_train import TranslateTrainAll
from xbench_methods.views import Itself, Resegmented, Translated
from xbench_methods.xtune import XtuneOptions

from tests.plugins import test_xtune, tiny
from xbench import testing
from xbench.contracts import Examples, Resource, Scope, Split, TaskKind
from xbench.errors import StageError

XTUNE, TEXTS, TAGS = test_xtune.XTUNE, TaskKind.SEQUENCE_CLASSIFICATION, test_xtune.TAGS
QUICK, KINDS = test_xtune.QUICK, test_xtune.KINDS
TARGETS = ("de", "sw")
NONE, VIEWS = Weights(0.0, 0.0), Weights(1.0, 1.0)


def context(kind=TEXTS, seed=0, speak=tiny.spoken, targets=TARGETS, rows=24):
    """Source labels, and a dictionary with each target."""
    given = test_xtune.context(kind, rows=rows, seed=seed, targets=targets)
    for target in targets:
        given.paired_with[Resource.DICTIONARY, target] = [(word, speak(word, target)) for word in tiny.WORDS]
    return given


def same_word(word, _):
    return word


def fitted(given=None, kind=TEXTS, encoder=None, **options):
    encoder = encoder or tiny.encoder("en", *TARGETS)
    return XTUNE.fit(encoder, KINDS[kind][0], XtuneOptions(**QUICK | options), given or context(kind))


def read(kind, make=None):
    """A predictor, and labelled rows as it reads them."""
    predictor = test_xtune.fresh(kind)
    return predictor, KINDS[kind][2](predictor, (make or KINDS[kind][1])("en", 12), "en")


def cut(rows, drop, seed=0, ratio=1.0):
    return Resegmented(rows, Cutter(pieces_of(rows.encoder.tower("en").tokenizer, 0.3, drop), ratio), seed)


def translated(predictor, rows, seed=0, speak=tiny.spoken, targets=TARGETS):
    one = tiny.coloured("en", 12)
    texts = one.inputs["text"].to_pylist()
    sets = [
        (target, Examples(tiny.table([" ".join(speak(word, target) for word in text.split()) for text in texts]),
                          one.gold, one.provenance))
        for target in targets
    ]  # fmt: skip
    return Translated(rows, predictor, sets, seed)


def views(kind):
    """By name a view that is the text itself, and one that is another."""
    predictor, rows = read(kind)
    found = {"subword": (cut(rows, 0.0), cut(rows, 0.9))}
    if kind is TEXTS:
        found["translation"] = (translated(predictor, rows, speak=same_word), translated(predictor, rows))
    return predictor, rows, found


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_that_is_the_text_adds_nothing_and_any_other_its_disagreement(kind):
    predictor, rows, found = views(kind)
    plain = Consistent(predictor, rows, Itself(rows), NONE).loss(range(8), 0.0).item()
    for same, other in found.values():
        assert Consistent(predictor, rows, same, VIEWS).loss(range(8), 0.0).item() == pytest.approx(plain, abs=1e-6)
        losses = [Consistent(predictor, rows, other, Weights(of, 0.0)).loss(range(8), 0.0).item() for of in (1.0, 2.0)]
        assert losses[0] > plain + 1e-4
        assert losses[1] - plain == pytest.approx(2 * (losses[0] - plain), rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_depends_on_seed_epoch_and_row_alone(kind):
    predictor, rows, _ = views(kind)
    make = [lambda seed: cut(rows, 0.5, seed)]
    if kind is TEXTS:
        make.append(lambda seed: translated(predictor, rows, seed, targets=("de", "sw", "en")))

    def scores(view, epoch, some):
        view.begin(epoch)
        with torch.no_grad():
            found = view(some)(predictor)
        return found.split([len(rows.gold[row]) for row in some])

    for of in make:
        whole = scores(of(0), 3, range(8))
        alone = [scores(of(0), 3, [row])[0] for row in range(8)]
        assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(whole, alone, strict=True))
        for seed, epoch in ((1, 3), (0, 4)):
            others = scores(of(seed), epoch, range(8))
            assert any(not torch.allclose(one, other, atol=1e-3) for one, other in zip(whole, others, strict=True))


def test_tags_stay_with_their_words_however_these_are_cut():
    _, rows = read(TAGS)
    words, again = rows.reread(range(6), cut(rows, 0.95)._by)
    assert sum(len(words.firsts[row]) for row in again) == sum(len(rows.gold[row]) for row in range(6))
    tokenizer = rows.encoder.tower("en").tokenizer
    said = [
        tokenizer.decode(words.tokens.ids[row], skip_special_tokens=True).replace(" ", "")
        for row in again
    ]  # fmt: skip
    assert "".join(said) == "".join(word for row in range(6) for word in rows.words[row])
    first = [tokenizer.convert_ids_to_tokens(words.tokens.ids[row][at]) for row in again for at in words.firsts[row]]
    every = [word for row in range(6) for word in rows.words[row]]
    assert all(word.startswith(piece) for word, piece in zip(every, first, strict=True))
    assert isinstance(rows, Sentences)


def test_both_texts_of_a_pair_are_cut_and_stay_a_pair():
    one = tiny.coloured("en", 6)
    pair = Examples(tiny.table(one.inputs["text"].to_pylist(), ["stones"] * 6), one.gold, one.provenance)
    predictor = test_xtune.fresh(TEXTS)
    rows = Texts(predictor, pair, "en")
    tokens, _ = rows.reread([0, 5], cut(rows, 1.0)._by)
    for ids, sides, types in zip(tokens.ids, tokens.sides, tokens.types, strict=True):
        assert sides.count(1) == len("stones")
        assert sides.count(-1) == 3
        assert types[-1] == 1
        assert len(ids) == len(sides)


def test_a_share_of_the_words_is_cut():
    _, rows = read(TEXTS)
    view = cut(rows, 1.0, ratio=0.4)
    for epoch in range(20):
        view.begin(epoch)
        view(range(12))
    assert view.cutter.rate() == pytest.approx(0.4, abs=0.06)


def test_rows_are_translated_into_every_target_and_come_back_to_their_place():
    towers = {name: tiny.tower(tiny.vocabulary(name), seed) for seed, name in enumerate(("en", *TARGETS))}
    predictor = test_xtune.LEARNERS[TEXTS].new(
        TransformerEncoder(towers, "mean", tiny.CPU), tiny.ToyTask(), XtuneOptions(), [], 0
    )
    torch.nn.init.normal_(predictor.head.output.weight, generator=torch.Generator().manual_seed(0))
    rows = Texts(predictor, tiny.coloured("en", 12), "en")
    view, texts = translated(predictor, rows), tiny.coloured("en", 12).inputs["text"].to_pylist()
    with torch.no_grad():
        found, drawn = view(range(12))(predictor), []
        for row, text in enumerate(texts):
            into = {}
            for target in TARGETS:
                spoken = [" ".join(tiny.spoken(word, target) for word in text.split())]
                tokens = predictor.encoder.tokenize(spoken, None, target, 32)
                into[target] = rows.scores(predictor, tokens, [0])[0]
            drawn += [target for target, one in into.items() if torch.allclose(one, found[row], atol=1e-5)]
    assert len(drawn) == 12
    assert set(drawn) == set(TARGETS)


@pytest.mark.parametrize("view", ["subword", "translation"])
def test_it_reads_what_it_declares(view):
    testing.check_method(XTUNE)
    options, joint = XtuneOptions(view=view), view == "translation"
    assert XTUNE.needs(options) == {Resource.SOURCE_LABELS, *([Resource.DICTIONARY] * joint)}
    assert XTUNE.scope(options) is (Scope.JOINT if joint else Scope.SOURCE)
    given = context(targets=TARGETS if joint else ())
    fitted(given, view=view)
    pairs = [(target, "dictionary pairs") for target in TARGETS] * joint
    assert sorted(given.read) == sorted([("en", "train"), *pairs])
    assert set(given.logged) == {"training", *({"translator", "coverage"} if joint else {"cut otherwise"})}


@pytest.mark.parametrize("translator", ["dictionary", "precomputed", "a/model"])
@pytest.mark.parametrize("selection", ["last", "source-dev"])
def test_translations_need_what_those_of_translate_train_all_need(translator, selection):
    options = {"translator": translator, "selection": selection}
    needs = XTUNE.needs(XtuneOptions(view="translation", **options))
    assert needs == TranslateTrainAll().needs(TranslateTrainAll.Options(**options))
    assert Resource.TRANSLATIONS not in XTUNE.needs(XtuneOptions(view="subword", **options))


@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize(("kind", "view"), [(TEXTS, "subword"), (TAGS, "subword"), (TEXTS, "translation")])
def test_a_seed_decides_every_bit_and_a_predictor_read_back_predicts_the_same(kind, view, stages, tmp_path):
    options = {"view": view, "stages": stages, "epochs": 1, "drop": 0.5, "ratio": 0.8}
    first, again, other = (fitted(context(kind, seed=seed), kind, **options) for seed in (1, 1, 2))
    assert test_xtune.same(first, again)
    assert not test_xtune.same(first, other)
    first.save(tmp_path)
    loaded = XTUNE.load(tiny.encoder("en", *TARGETS, seed=9), KINDS[kind][0], XtuneOptions(**options), tmp_path)
    inputs = KINDS[kind][1]("de", 10, seed=1).inputs
    assert loaded.predict(inputs, "de").equals(first.predict(inputs, "de"))


def test_translations_may_be_looked_up():
    given = context()
    texts = given.examples["en", Split.TRAIN].inputs["text"].to_pylist()
    for target in TARGETS:
        rows = [(text, " ".join(tiny.spoken(word, target) for word in text.split())) for text in texts]
        given.paired_with[Resource.TRANSLATIONS, target] = rows
    assert test_xtune.same(fitted(given, view="translation", translator="precomputed"), fitted(view="translation"))


def test_translations_make_a_foreign_language_understood():
    right = {}
    test = tiny.coloured("de", 60, seed=1)
    for weight in (0.0, 5 / 3):
        predictor = fitted(context(rows=90), **test_xtune.LEARN, view="translation", lambda1=weight)
        found = predictor.predict(test.inputs, "de")["label"].to_pylist()
        right[weight] = sum(one == other for one, other in zip(found, test.gold["label"].to_pylist(), strict=True)) / 60
    assert right[5 / 3] > right[0.0] + 0.2
    assert right[5 / 3] > 0.8


def test_a_training_in_which_no_word_was_cut_otherwise_is_a_degenerate_one():
    never, usual = context(), context()
    fitted(never, view="subword", drop=0.0)
    fitted(usual, view="subword", drop=0.5)
    assert never.logged["cut otherwise"] == 0.0
    assert never.logged["degenerate"].startswith("no word was cut otherwise")
    assert "degenerate" not in usual.logged


def whole_words():
    """An encoder whose tokenizer knows whole words alone."""
    vocab = {word: at for at, word in enumerate([*tiny.SPECIAL, *tiny.WORDS])}
    made = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]")
    return TransformerEncoder({ANY: Tower(tokenizer, tiny.tower().module)}, "mean", tiny.CPU)


def test_what_cannot_be_is_refused_before_anything_is_trained():
    for wrong, why in [
        ({"view": "subword", "encoder": whole_words()}, "the tokenizer of bert cannot sample.*use another view"),
        ({"view": "translation", "kind": TAGS}, "token-classification has a label for each; use another view"),
        ({"view": "translation", "given": context(targets=())}, "no target to translate en into"),
    ]:
        encoder = wrong.pop("encoder", None) or tiny.encoder("en", *TARGETS)
        before = tiny.weights(encoder)
        with pytest.raises(StageError, match=why):
            fitted(**wrong, encoder=encoder)
        assert tiny.same(tiny.weights(encoder), before)
