"""The bundled sample `xnli-sample`: parallel, balanced, well formed, and not given away by one sentence."""

import csv
import re
from collections import Counter, defaultdict
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from xbench_tasks.sample.nli import LABELS, LANGUAGES, SPLITS, Pair, pairs

SIZES = {"train": 1500, "validation": 150, "test": 360}

# What a sentence of the language consists of, up to its full stop.
CYRILLIC, GREEK, ARABIC = r"[\u0400-\u04ff ]+", r"[\u0370-\u03ff\u1f00-\u1fff ]+", r"[\u0600-\u06ff ]+"
LATIN = r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff' -]+"
ALPHABETS = {
    "ar": ARABIC,
    "bg": CYRILLIC,
    "el": GREEK,
    "hi": r"[\u0900-\u097f ]+",
    "ru": CYRILLIC,
    "th": r"[\u0e00-\u0e7f]+",
    "ur": ARABIC,
    "zh": r"[\u4e00-\u9fff]+",
}
STOPS = {"hi": "।", "th": "", "ur": "۔", "zh": "。"}

# Letters that are right in one language and a slip of the keyboard in the other that shares its alphabet.
FOREIGN = {"ar": "کیےہڑٹڈں", "ur": "كيىةأإؤ", "bg": "ыэё", "ru": "іїєѓ", "de": "áàéèêçñ", "es": "àèêçßäö"}

# Changes with every phrase and every rule: new data are a new benchmark, to be made on purpose only.
DIGEST = "65f4712901b119514d47290a3622889940944beed424e20c1c1a7e7721fab86e"

HYPOTHESIS = "The soldier feeds the cat in the kitchen."
PREMISES = {
    "contradiction": "The soldier feeds the cat with his son in the library.",
    "entailment": "The soldier feeds the cat with his son in the kitchen.",
    "neutral": "The soldier feeds the cat with his son on Friday.",
}

# One sentence with every phrase, and one without an activity.
DOES = {
    "ar": "يشرب الجندي الشاي مع أخته في المطار في الليل.",
    "bg": "Войникът пие чай със сестра си на летището през нощта.",
    "de": "Der Soldat trinkt in der Nacht mit seiner Schwester am Flughafen Tee.",
    "el": "Ο στρατιώτης πίνει τσάι με την αδερφή του στο αεροδρόμιο τη νύχτα.",
    "en": "The soldier drinks tea with his sister at the airport at night.",
    "es": "El soldado bebe té con su hermana en el aeropuerto por la noche.",
    "fr": "Le soldat boit du thé avec sa sœur à l'aéroport la nuit.",
    "hi": "सैनिक रात को अपनी बहन के साथ हवाई अड्डे पर चाय पीता है।",
    "ru": "Солдат ночью пьёт чай со своей сестрой в аэропорту.",
    "sw": "Mwanajeshi anakunywa chai pamoja na dada yake kwenye uwanja wa ndege usiku.",
    "th": "ทหารดื่มชากับน้องสาวของเขาที่สนามบินตอนกลางคืน",
    "tr": "Asker geceleyin kız kardeşiyle havaalanında çay içiyor.",
    "ur": "فوجی رات کو اپنی بہن کے ساتھ ہوائی اڈے پر چائے پیتا ہے۔",
    "vi": "Người lính uống trà với em gái của mình ở sân bay vào ban đêm.",
    "zh": "士兵夜里和他的妹妹一起在机场喝茶。",
}
IS_SOMEWHERE = {
    "ar": "الطباخ موجود مع أخته على الشاطئ.",
    "bg": "Готвачът е със сестра си на плажа.",
    "de": "Der Koch ist mit seiner Schwester am Strand.",
    "el": "Ο μάγειρας είναι με την αδερφή του στην παραλία.",
    "en": "The cook is with his sister on the beach.",
    "es": "El cocinero está con su hermana en la playa.",
    "fr": "Le cuisinier est avec sa sœur à la plage.",
    "hi": "रसोइया अपनी बहन के साथ समुद्र तट पर है।",
    "ru": "Повар находится на пляже со своей сестрой.",
    "sw": "Mpishi yuko pamoja na dada yake ufukweni.",
    "th": "พ่อครัวอยู่กับน้องสาวของเขาที่ชายหาด",
    "tr": "Aşçı kız kardeşiyle plajda bulunuyor.",
    "ur": "خانساماں اپنی بہن کے ساتھ ساحل پر ہے۔",
    "vi": "Đầu bếp ở bãi biển với em gái của mình.",
    "zh": "厨师和他的妹妹一起在海滩上。",
}


def every_pair(language: str) -> list[Pair]:
    """The pairs of all splits."""
    return [pair for split in SPLITS for pair in pairs(language, split)]


def every_sentence(language: str) -> list[str]:
    """Premises and hypotheses of all splits."""
    return [text for pair in every_pair(language) for text in (pair.premise, pair.hypothesis)]


def phrase_rows() -> list[dict[str, str]]:
    """The rows of the phrase table."""
    text = files("xbench_tasks.sample").joinpath("phrases.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def accuracy_from(field: str) -> float:
    """Accuracy on English test of a classifier that sees one field of the pairs of English train."""
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2)),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
        ),
        LogisticRegression(max_iter=1000),
    )
    train, test = pairs("en", "train"), pairs("en", "test")
    model.fit([getattr(pair, field) for pair in train], [pair.label for pair in train])
    return float(model.score([getattr(pair, field) for pair in test], [pair.label for pair in test]))


def test_the_languages_are_those_of_xnli() -> None:
    assert " ".join(LANGUAGES) == "ar bg de el en es fr hi ru sw th tr ur vi zh"


def test_an_unknown_language_is_refused_with_the_languages_there_are() -> None:
    with pytest.raises(ValueError, match=r"'xx'.*ar, bg, .*, zh"):
        pairs("xx", "test")


def test_an_unknown_split_is_refused_with_the_splits_there_are() -> None:
    with pytest.raises(ValueError, match=r"'dev'.*train, validation, test"):
        pairs("en", "dev")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_split_has_its_size_and_as_many_of_each_label(language: str) -> None:
    for split, size in SIZES.items():
        labels = Counter(pair.label for pair in pairs(language, split))
        assert labels == dict.fromkeys(LABELS, size // 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_ids_and_labels_are_parallel_to_english(language: str) -> None:
    for split in SPLITS:
        english = [(pair.id, pair.label) for pair in pairs("en", split)]
        assert [(pair.id, pair.label) for pair in pairs(language, split)] == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_that_are_equal_in_english_are_equal_in_every_language_and_no_others(language: str) -> None:
    translations = set(zip(every_sentence("en"), every_sentence(language), strict=True))
    assert len(translations) == len(set(every_sentence("en"))) == len(set(every_sentence(language)))


def test_ids_are_unique_over_all_splits() -> None:
    ids = [pair.id for pair in every_pair("en")]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_pair_occurs_twice_and_no_hypothesis_is_in_two_splits(language: str) -> None:
    texts = [(pair.premise, pair.hypothesis) for pair in every_pair(language)]
    assert len(set(texts)) == len(texts)
    splits = defaultdict(set)
    for split in SPLITS:
        for pair in pairs(language, split):
            splits[pair.hypothesis].add(split)
    assert {len(found) for found in splits.values()} == {1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_hypothesis_has_one_premise_under_each_label(language: str) -> None:
    labels = defaultdict(list)
    for pair in every_pair(language):
        labels[pair.hypothesis].append(pair.label)
    assert {tuple(sorted(found)) for found in labels.values()} == {tuple(sorted(LABELS))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_premise_is_its_hypothesis(language: str) -> None:
    assert not [pair for pair in every_pair(language) if pair.premise == pair.hypothesis]


def test_the_label_does_not_follow_from_the_row() -> None:
    labels = [pair.label for pair in pairs("en", "train")]
    for period in (2, 3, 6):
        for start in range(period):
            share = Counter(labels[start::period]).most_common(1)[0][1] / len(labels[start::period])
            assert share < 0.4
    repeats = sum(here == after for here, after in pairwise(labels)) / len(labels)
    assert 0.28 < repeats < 0.39


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_in_its_own_script_and_ends_in_its_one_full_stop(language: str) -> None:
    sentence = re.compile(ALPHABETS.get(language, LATIN) + re.escape(STOPS.get(language, ".")))
    assert [text for text in every_sentence(language) if not sentence.fullmatch(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_has_letters_that_its_language_does_not_use(language: str) -> None:
    letters = set("".join(every_sentence(language)))
    assert letters.isdisjoint(FOREIGN.get(language, ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_spaces_are_single_and_inside_and_the_first_letter_is_a_capital(language: str) -> None:
    for text in every_sentence(language):
        assert text == " ".join(text.split())
        assert " ." not in text
        assert text[0] == text[0].upper()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_says_a_word_twice_running(language: str) -> None:
    for text in every_sentence(language):
        words = text.lower().split()
        assert all(word != after for word, after in pairwise(words)), text


def test_no_cell_of_the_phrase_table_is_empty_or_padded() -> None:
    for row in phrase_rows():
        assert list(row) == ["slot", "id", *LANGUAGES]
        assert all(cell and cell == cell.strip() for cell in row.values()), row


def test_an_activity_is_a_verb_and_an_object_and_nothing_else_is_split() -> None:
    for row in phrase_rows():
        parts = 2 if row["slot"] == "activity" else 1
        assert all(len(row[language].split("|")) == parts for language in LANGUAGES), row


def test_the_phrase_table_has_enough_of_every_slot_and_every_id_once() -> None:
    rows = phrase_rows()
    counts = Counter(row["slot"] for row in rows)
    assert counts == {"subject": 16, "activity": 20, "companion": 8, "place": 14, "time": 10}
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_phrases_of_a_slot_have_the_same_text(language: str) -> None:
    texts = [(row["slot"], row[language]) for row in phrase_rows()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("split", SPLITS)
def test_a_premise_is_as_long_under_every_label(split: str) -> None:
    words = dict.fromkeys(LABELS, 0)
    for pair in pairs("en", split):
        words[pair.label] += len(pair.premise.split())
    mean = sum(words.values()) / len(words)
    assert all(abs(count - mean) < 0.03 * mean for count in words.values())


def test_the_hypothesis_alone_does_not_give_the_label() -> None:
    assert accuracy_from("hypothesis") <= 0.40


def test_the_premise_alone_does_not_give_the_label() -> None:
    assert accuracy_from("premise") <= 0.45


def test_english_pairs_of_each_label_read_as_they_should() -> None:
    found = {pair.label: pair for pair in pairs("en", "train") if pair.hypothesis == HYPOTHESIS}
    assert {label: pair.premise for label, pair in found.items()} == PREMISES


@pytest.mark.parametrize("translations", [DOES, IS_SOMEWHERE], ids=["does", "is somewhere"])
def test_a_sentence_has_the_word_order_of_each_language(translations: dict[str, str]) -> None:
    row = [pair.premise for pair in pairs("en", "train")].index(translations["en"])
    assert {language: pairs(language, "train")[row].premise for language in LANGUAGES} == translations


def test_the_data_are_the_same_bytes_every_time() -> None:
    digest = sha256()
    for language in LANGUAGES:
        for pair in every_pair(language):
            line = "\t".join((language, pair.id, pair.premise, pair.hypothesis, pair.label))
            digest.update(f"{line}\n".encode())
    assert digest.hexdigest() == DIGEST
