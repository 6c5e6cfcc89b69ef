"""Translation: words and phrases, who translates, and what is learned from translations or predicted by them."""

import json

import pyarrow as pa
import pytest
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.lexicon import Lexicon, words_of
from xbench_methods.translate_test import TranslateTest, TranslateTestOptions
from xbench_methods.translate_train import TranslateTrain, TranslateTrainAll, TranslateTrainOptions
from xbench_methods.translation import TranslationOptions, rewritten, translated
from xbench_methods.translators import PAIRS, LookedUp, WordByWord

from tests.plugins import test_chooser, test_tagger, tiny
from xbench.contracts import Resource, Scope, Split, TaskKind
from xbench.errors import ScopeError, StageError

TRAIN, ALL, TEST = TranslateTrain(), TranslateTrainAll(), TranslateTest()
TASK = tiny.ToyTask()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
SEEN = tiny.coloured("de", 60, seed=1)
TARGETS = ("de", "fr")
WORDS = [word for clues in tiny.CLUES.values() for word in clues] + list(tiny.FILLERS)
CIPHER = {target: [(word, tiny.spoken(word, target)) for word in WORDS] for target in TARGETS}


def ciphered(text, target):
    return " ".join(tiny.spoken(word, target) for word in text.split())


def context(targets=("de",), pairs=None, resource=Resource.DICTIONARY, examples=None, seed=0):
    pairs = CIPHER if pairs is None else pairs
    paired = {(resource, target): pairs[target] for target in pairs if target in targets}
    return tiny.ToyContext({("en", Split.TRAIN): examples or tiny.coloured("en", 48)}, paired_with=paired,
                           targets=targets, seed=seed)  # fmt: skip


def encoder(**settings):
    return tiny.encoder("en", *TARGETS, **settings)


def fitted(method, given=None, task=TASK, **options):
    return method.fit(encoder(), task, method.Options(**(QUICK | options)), given or context())


def finetuned(examples=None, language="en", task=TASK):
    given = tiny.ToyContext({(language, Split.TRAIN): examples or tiny.coloured("en", 48)}, source=language)
    return Finetune().fit(encoder(), task, FinetuneOptions(**QUICK), given)


def predicted(predictor, language="de", inputs=SEEN.inputs):
    return predictor.predict(inputs, language)


def word_by_word(text, *pairs):
    return WordByWord(list(pairs)).texts([text])[0]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("New York is new.", "NY is neu."),
        ("(new  york)\tYork!", "(NY)\tYork!"),
        ("new, york", "neu, york"),
        ("a news stand", "a news stand"),
        ("The dog's new?", "The dog's neu?"),
        ("new york city", "Stadt NY"),
        ("", ""),
        (" - ", " - "),
    ],
)
def test_the_longest_entry_wins_unknown_words_and_all_else_stay(text, wanted):
    pairs = [("new", "neu"), ("new", "frisch"), ("New York", "NY"), ("new york city", "Stadt NY")]
    assert word_by_word(text, *pairs) == wanted


def test_marks_on_letters_are_part_of_words_and_case_is_not():
    assert [slice(*word) for word in words_of("«किताब», «ÉTÉ»!")] == [slice(1, 6), slice(10, 13)]
    assert word_by_word("«किताब», «ÉTÉ»!", ("किताब", "book"), ("été", "summer")) == "«book», «summer»!"


def test_words_without_blanks_between_are_taken_apart():
    pairs = [("我", "I"), ("喜欢", "like"), ("猫", "cat"), ("喜", "joy")]
    assert word_by_word("我喜欢猫。", *pairs) == "I like cat。"
    assert word_by_word("我喜欢狗 狗", *pairs) == "I like 狗 狗"


def test_a_spaced_word_is_not_taken_apart():
    assert word_by_word("newspaper", ("news", "Nachrichten"), ("paper", "Papier")) == "newspaper"


def test_coverage_counts_running_words():
    by = WordByWord([("new york", "NY"), ("is", "ist")])
    assert by.coverage is None
    by.texts(["New York is big.", "?"])
    assert by.coverage == 3 / 4


def test_an_empty_lexicon_changes_nothing():
    assert Lexicon.of([("!", "bang")]).entries == {}
    assert word_by_word("as  it is!") == "as  it is!"


def test_translations_are_looked_up_by_the_exact_text_and_what_lacks_is_counted():
    by = LookedUp([("a b", "1"), ("a b", "2"), ("c", "3")])
    assert by.texts(["c", "a b", "c"]) == ["3", "1", "3"]
    with pytest.raises(StageError, match="2 of 3 texts have no translation, such as 'A b'"):
        by.texts(["A b", "c", "d", "d"])


def test_every_text_of_a_table_is_translated_and_nothing_else():
    by = WordByWord([("sky", "Himmel"), ("sea", "weites Meer")])
    pairs = translated(TaskKind.SEQUENCE_CLASSIFICATION, tiny.table(["sky", " "], ["the sea", ""]), by)
    assert pairs.to_pydict() == {"text": ["Himmel", " "], "text_pair": ["the weites Meer", ""]}
    chosen = translated(TaskKind.MULTIPLE_CHOICE, test_chooser.rows(("sky", ["sea", "leaf"])), by)
    assert chosen.to_pydict() == {"text": ["Himmel"], "choices": [["weites Meer", "leaf"]]}
    tagged = translated(TaskKind.TOKEN_CLASSIFICATION, test_tagger.sentences(["the", "sea", "."], []), by)
    assert tagged.to_pydict() == {"tokens": [["the", "weites Meer", "."], []]}


def test_a_token_that_became_two_words_is_one_word_to_the_encoder():
    words = encoder().tokenize_words([["the", "house stones", "sky"]], "en", 64)
    assert len(words.firsts[0]) == 3


def test_a_table_keeps_its_schema():
    inputs = pa.table({"text": pa.array(["a"], pa.large_string()), "text_pair": pa.array(["b"], pa.string())})
    found = rewritten(TaskKind.SEQUENCE_CLASSIFICATION, inputs, lambda row, text: f"{text}{row}")
    assert found.schema == inputs.schema
    assert found.to_pydict() == {"text": ["a0"], "text_pair": ["b0"]}


@pytest.mark.parametrize(
    ("method", "options", "scope"),
    [
        (TRAIN, {}, Scope.PAIRWISE),
        (TRAIN, {"translator": "precomputed"}, Scope.PAIRWISE),
        (TRAIN, {"translator": "org/model"}, Scope.PAIRWISE),
        (ALL, {}, Scope.JOINT),
        (ALL, {"translator": "org/model"}, Scope.JOINT),
        (TEST, {}, Scope.JOINT),
        (TEST, {"translator": "org/model"}, Scope.SOURCE),
        (TEST, {"round_trip": True}, Scope.PAIRWISE),
    ],
)
def test_what_it_declares(method, options, scope):
    chosen = method.Options(**options)
    pairs = {"precomputed": {Resource.TRANSLATIONS}, "org/model": set()}
    wanted = {Resource.SOURCE_LABELS} | pairs.get(chosen.translator, {Resource.DICTIONARY})
    assert (method.needs(chosen), method.scope(chosen)) == (wanted, scope)
    assert Resource.SOURCE_VALIDATION in method.needs(method.Options(**options, selection="source-dev"))
    if method is TEST:
        with pytest.raises(ValueError, match="one model serves all targets"):
            method.Options(**options, selection="target-dev")


@pytest.mark.parametrize("method", [TRAIN, ALL, TEST])
@pytest.mark.parametrize("translator", ["dictionary", "precomputed"])
def test_it_reads_what_it_declares(method, translator):
    resource = {"dictionary": Resource.DICTIONARY, "precomputed": Resource.TRANSLATIONS}[translator]
    texts = tiny.coloured("en", 48).inputs["text"].to_pylist()
    pairs = CIPHER if translator == "dictionary" else {"de": [(text, ciphered(text, "de")) for text in texts]}
    given = context(pairs=pairs, resource=resource)
    fitted(method, given, translator=translator)
    assert given.read == [("en", "train"), ("de", str(resource))]
    with pytest.raises(ScopeError):
        fitted(method, tiny.ToyContext(targets=("de",)), translator=translator)


def test_translate_train_through_a_cipher_is_training_on_the_target():
    examples = tiny.coloured("en", 48)
    texts = [ciphered(text, "de") for text in examples.inputs["text"].to_pylist()]
    german = tiny.Examples(tiny.table(texts), examples.gold, examples.provenance)
    given = context()
    assert predicted(fitted(TRAIN, given)).equals(predicted(finetuned(german, "de")))
    assert given.logged["coverage"] == {"de": 1.0}
    about = given.logged["translator"]
    assert (about["kind"], about["name"], about["revision"]) == ("dictionary", "auto", "")
    assert len(about["digest"]) == 32


def test_where_the_target_is_the_source_translate_train_is_finetune():
    assert predicted(fitted(TRAIN, context(targets=("en",)))).equals(predicted(finetuned()))


def test_translate_train_all_trains_on_the_source_and_on_every_target_that_there_are_pairs_of():
    given = context(targets=("de", "fr", "sw"))
    fitted(ALL, given)
    assert given.logged["training"]["steps"] == 2 * 3 * 48 / 16
    assert set(given.logged["coverage"]) == set(TARGETS)
    kept = context()
    fitted(TRAIN, kept, keep_source=True)
    assert kept.logged["training"]["steps"] == 2 * 2 * 48 / 16


@pytest.mark.parametrize("translator", ["dictionary", "precomputed"])
def test_a_translator_that_changes_nothing_makes_translate_test_finetune(translator):
    texts = SEEN.inputs["text"].to_pylist()
    same = {"de": [(text, text) for text in (texts if translator == "precomputed" else WORDS)]}
    resource = Resource.TRANSLATIONS if translator == "precomputed" else Resource.DICTIONARY
    given = context(pairs=same, resource=resource)
    predictor = fitted(TEST, given, translator=translator)
    assert predicted(predictor).equals(predicted(finetuned()))
    assert predicted(predictor, "en").equals(predicted(finetuned(), "en"))


def test_translate_test_through_a_cipher_predicts_what_finetune_does_of_the_source():
    plain = tiny.coloured("en", 60, seed=1).inputs
    coded = tiny.table([ciphered(text, "de") for text in plain["text"].to_pylist()])
    assert predicted(fitted(TEST), "de", coded).equals(predicted(finetuned(), "en", plain))


def test_a_round_trip_trains_on_what_comes_back():
    lossy = {"de": [("sky", "blau"), ("sea", "blau"), *CIPHER["de"][6:]]}
    examples = tiny.coloured("en", 48)
    back = [text.replace("sea", "sky") for text in examples.inputs["text"].to_pylist()]
    assert back != examples.inputs["text"].to_pylist()
    given = context(pairs=lossy)
    found = fitted(TEST, given, round_trip=True)
    wanted = finetuned(tiny.Examples(tiny.table(back), examples.gold, examples.provenance))
    assert predicted(found, "en").equals(predicted(wanted, "en"))


def test_a_language_that_there_are_no_pairs_of_cannot_be_predicted():
    with pytest.raises(StageError, match="translator=dictionary has pairs of en with de, not with fr"):
        predicted(fitted(TEST), "fr")


@pytest.mark.parametrize("method", [TRAIN, ALL, TEST])
def test_a_predictor_read_back_predicts_the_same(tmp_path, method):
    predictor = fitted(method)
    predictor.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} <= {".safetensors", ".json", ".parquet"}
    again = method.load(encoder(seed=9), TASK, method.Options(**QUICK), tmp_path)
    for language in ("en", "de"):
        assert predicted(again, language).equals(predicted(predictor, language))


@pytest.mark.parametrize("fault", ["no pairs", "no JSON", "other pairs"])
def test_a_translator_that_is_broken_or_another_is_one_clear_error(tmp_path, fault):
    fitted(TEST).save(tmp_path)
    about = tmp_path / "translator.json"
    if fault == "no pairs":
        (tmp_path / PAIRS).write_bytes(b"PAR1")
    elif fault == "no JSON":
        about.write_text("{")
    else:
        about.write_text(json.dumps(json.loads(about.read_text()) | {"digest": "0"}))
    wanted = "is not what it was" if fault == "other pairs" else "the translator cannot be read"
    with pytest.raises(StageError, match=wanted):
        TEST.load(encoder(), TASK, TranslateTestOptions(**QUICK), tmp_path)


@pytest.mark.parametrize("method", [TRAIN, ALL, TEST])
def test_tags_stay_with_their_words_and_no_other_translator_is_taken(method):
    given = context(examples=test_tagger.tagged("en", 24))
    predictor = fitted(method, given, test_tagger.TASK)
    inputs = test_tagger.tagged("de", 20, seed=1).inputs
    found = predictor.predict(inputs, "de")["tags"].to_pylist()
    assert [len(row) for row in found] == [len(row) for row in inputs["tokens"].to_pylist()]
    with pytest.raises(StageError, match="translator=precomputed does not say which word became which"):
        fitted(method, given, test_tagger.TASK, translator="precomputed")


@pytest.mark.parametrize("method", [TRAIN, TEST])
def test_choices_are_translated(method):
    given = context(examples=test_chooser.chosen("en", 24))
    predictor = fitted(method, given, test_chooser.TASK)
    assert len(predictor.predict(test_chooser.chosen("de", 9, seed=1).inputs, "de")) == 9


@pytest.mark.parametrize("method", [TRAIN, ALL, TEST])
def test_answers_cannot_be_followed_through_a_translation(method):
    assert TaskKind.EXTRACTIVE_QA not in method.task_kinds


def test_a_dictionary_that_knows_nothing_is_no_fair_try():
    given = context(pairs={"de": [("xyzzy", "plugh")]})
    fitted(TRAIN, given)
    assert "no word of the training set is in the dictionary of de" in given.logged["degenerate"]


def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another():
    first, again, other = (predicted(fitted(TRAIN, context(seed=seed))) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_options_without_sense_are_refused():
    for cls, wrong in [(TranslationOptions, {"beams": 0}), (TranslateTrainOptions, {"translator": ""})]:
        with pytest.raises(ValueError, match="beams must be at least 1"):
            cls(**wrong)
    with pytest.raises(ValueError, match="round_trip needs a translator of any text"):
        TranslateTestOptions(translator="precomputed", round_trip=True)
