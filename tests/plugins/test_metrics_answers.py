"""Answers to questions: SQuAD's and MLQA's metrics against published scores, the specification and a naive version."""

import ast
import json
import re
import string
import sys
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xbench_tasks.metrics import mlqa as mlqa_module
from xbench_tasks.metrics import squad as squad_module
from xbench_tasks.metrics.mlqa import LANGUAGES, PUNCTUATION, mixed_segmentation, mlqa, mlqa_items
from xbench_tasks.metrics.squad import gold_answers, squad, squad_items, token_f1

from xbench.errors import DataError, UsageError


def one(function, prediction, answers, *options):
    scores = function({"q": prediction}, {"q": answers}, *options)
    return scores["exact_match"], scores["f1"]


@pytest.mark.parametrize(
    ("prediction", "answer", "exact_match", "f1"),
    [
        ("北京大学", "北京", 0, 0),
        ("the cat sat", "a cat", 0, 100 * 2 / 3),
        ("", "the", 100, 0),
        ("«cat»", "cat", 0, 0),
        ("The Cat!", "cat", 100, 100),
        ("a\u00a0cat\u3000sat", "cat sat", 100, 100),
        ("cat cat", "cat", 0, 100 * 2 / 3),
        ("", "cat", 0, 0),
    ],
)
def test_squad_of_known_pairs(prediction, answer, exact_match, f1):
    assert one(squad, prediction, [answer]) == pytest.approx((exact_match, f1))


def test_squad_normalises_with_ascii_punctuation_and_english_articles_only():
    assert squad_module.normalise("The «Cat», an-other $5!") == "«cat» another 5"
    assert squad_module.normalise("the-an a.n theatre a_the") == "thean theatre athe"
    assert squad_module.normalise("la casa 。 Ça") == "la casa 。 ça"


def test_each_metric_takes_its_own_best_answer():
    items = squad_items({"q": "a"}, {"q": ["the", "x y"]})
    assert items == {"exact_match": [1.0], "f1": [0.0]}
    assert squad_items({"q": "x y z"}, {"q": ["y", "z x", "x"]}) == {"exact_match": [0.0], "f1": [0.8]}


def test_a_missing_answer_counts_as_zero_and_an_unasked_one_is_ignored():
    gold = {"1": ["x"], "2": ["the"], "3": ["y z"]}
    assert squad_items({"1": "x", "3": "y", "9": "x"}, gold) == {"exact_match": [1, 0, 0], "f1": [1, 0, 2 / 3]}
    assert squad({"1": "x", "3": "y", "9": "x"}, gold)["exact_match"] == 100 / 3
    assert squad({}, gold) == {"exact_match": 0, "f1": 0}


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ({"1": "x"}, {}, "no questions"),
        ({"1": "x"}, {"1": []}, "'1' needs a list of one or more gold answers"),
        ({"1": "x"}, {"1": "x"}, "'1' needs a list of one or more gold answers"),
        ({"1": "x"}, {"1": [3]}, "'1' needs a list of one or more gold answers"),
        ({"1": ["x"]}, {"1": ["x"]}, r"for question '1' is \['x'\]; a text is expected"),
        ({"a": "x"}, {"1": ["x"]}, "none of the 1 predictions is for one of the 1 questions .*'a'.*'1'"),
    ],
)
def test_answers_that_cannot_be_scored_are_refused(predictions, references, message):
    for scorer in (squad, squad_items, lambda *both: mlqa(*both, "en")):
        with pytest.raises(DataError, match=message):
            scorer(predictions, references)


def document(*questions):
    return [{"paragraphs": [{"context": "", "qas": list(questions)}]}]


def question(id_, *texts):
    return {"id": id_, "question": "", "answers": [{"text": text, "answer_start": 0} for text in texts]}


def test_gold_answers_are_read_of_both_official_forms():
    articles = document(question("b", "x", "y"), question("a", "z"))
    assert list(gold_answers({"version": "1.1", "data": articles}, "file").items()) == [("b", ["x", "y"]), ("a", ["z"])]
    assert gold_answers(articles, "file") == {"b": ["x", "y"], "a": ["z"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text", "file: this is no SQuAD JSON"),
        ({"version": "1.1"}, "file: SQuAD JSON has a list called 'data' here; there is NoneType"),
        ([{}], r"file: data\[0\]: SQuAD JSON has a list called 'paragraphs'"),
        ([{"paragraphs": [3]}], r"data\[0\].paragraphs\[0\]: SQuAD JSON has a list called 'qas'"),
        (document({"id": 3, "answers": []}), r"qas\[0\]: SQuAD JSON has a text called 'id' here; .*int"),
        (document(question("a", 3)), r"qas\[0\]: SQuAD JSON has a text called 'text'"),
        (document(question("a", "x"), question("a", "x")), r"qas\[1\]: the id 'a' occurs a second time"),
    ],
)
def test_gold_of_another_form_is_refused(content, message):
    with pytest.raises(DataError, match=message):
        gold_answers(content, "file")


@pytest.mark.parametrize(
    ("language", "text", "normalised"),
    [
        ("en", "The  U.S. (a test)", "us test"),
        ("es", "El niño, la casa", "niño casa"),
        ("de", "Der Hund des Mannes", "hund mannes"),
        ("vi", "của những người", "người"),
        ("ar", "الكتاب", "كتاب"),
        ("ar", "قال الكتاب", "ق كتاب"),
        ("zh", "2020年5月abc def。", "2020 年 5 月 abc def"),
        ("hi", "का $5 है।", "का 5 है"),
        ("en", "«Cat»—an-other theatre", "catanother theatre"),
        ("de", "Einem eins einer anderen", "eins anderen"),
        ("vi", "Cái bàn, chiếc ghế là", "bàn ghế"),
        ("zh", "the 東京タワー㐀𠀀 A", "the 東 京 タワー㐀𠀀 a"),
        ("zh", "一二\u9fa5\u9fa6x", "一 二 \u9fa5 \u9fa6x"),
        ("hi", "the एक", "the एक"),
    ],
)
def test_mlqa_normalises_by_language(language, text, normalised):
    assert mlqa_module.normalise(text, language) == normalised


@pytest.mark.parametrize(
    ("language", "prediction", "answer", "exact_match", "f1"),
    [
        ("zh", "北京大学", "北京", 0, 100 * 2 / 3),
        ("ar", "الكتاب", "كتاب", 100, 100),
        ("vi", "người Việt", "những người Việt Nam", 0, 80),
        ("en", "The.", "", 100, 0),
    ],
)
def test_mlqa_of_known_pairs(language, prediction, answer, exact_match, f1):
    assert one(mlqa, prediction, [answer], language) == pytest.approx((exact_match, f1))


def test_mlqa_refuses_a_language_that_it_does_not_have():
    assert sorted(LANGUAGES) == ["ar", "de", "en", "es", "hi", "vi", "zh"]
    for language in ("th", "EN", ""):
        with pytest.raises(UsageError, match=r"no language of MLQA is called .*\(there are: ar, de, .* SQuAD's metric"):
            mlqa_items({}, {"q": ["x"]}, language)


def test_the_language_of_the_context_decides():
    assert one(mlqa, "der Hund", ["Hund"], "de") == (100, 100)
    assert one(mlqa, "der Hund", ["Hund"], "en")[0] == 0


def running_punctuation():
    marks = {chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)).startswith("P")}
    return marks | set(string.punctuation)


def test_punctuation_is_that_of_the_recorded_unicode_version():
    assert len(PUNCTUATION) == 828
    assert set(string.punctuation) <= PUNCTUATION
    if unicodedata.unidata_version == mlqa_module.UNICODE:
        assert running_punctuation() == PUNCTUATION
    else:  # a later Unicode adds marks; it takes none away from what was assigned
        assert running_punctuation() >= PUNCTUATION


def naive_segments(text):
    tokens, stretch = [], ""
    for character in text:
        if re.search("[\u4e00-\u9fa5]", character) or character in PUNCTUATION:
            tokens += [*stretch.split(), character]
            stretch = ""
        else:
            stretch += character
    return tokens + stretch.split()


def naive_f1(prediction, answer):
    ours, theirs = prediction.split(), list(answer.split())
    rest, same = list(theirs), 0
    for token in ours:
        if token in rest:
            rest.remove(token)
            same += 1
    if not same:
        return 0
    precision, recall = 1.0 * same / len(ours), 1.0 * same / len(theirs)
    return (2 * precision * recall) / (precision + recall)


TEXTS = st.text(st.sampled_from("ab the北京。,、]^-\\ \u3000\u00a0\u2028アé́ال"), max_size=12)


@given(TEXTS, TEXTS)
def test_tokens_and_f1_are_those_of_a_naive_version(first, second):
    assert mixed_segmentation(first) == naive_segments(first)
    assert token_f1(first, second) == naive_f1(first, second)


@given(st.dictionaries(st.sampled_from("abcdef"), TEXTS, max_size=6), st.lists(TEXTS, min_size=6, max_size=9))
def test_squad_is_a_naive_version_to_the_last_bit(predictions, answers):
    gold = {id_: [answers[place], answers[-1]] for place, id_ in enumerate("abcdef")}
    exact, f1 = 0, 0.0
    for id_, texts in gold.items():
        if id_ in predictions:
            mine = squad_module.normalise(predictions[id_])
            exact += max(mine == squad_module.normalise(text) for text in texts)
            f1 += max(naive_f1(mine, squad_module.normalise(text)) for text in texts)
    assert squad(predictions, gold) == {"exact_match": 100.0 * exact / 6, "f1": 100.0 * f1 / 6}


def naive_normalise(text):
    bare = "".join(character for character in text.lower() if character not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


@given(st.text(max_size=30))
def test_squad_normalisation_is_a_naive_one_on_any_text(text):
    assert squad_module.normalise(text) == naive_normalise(text)
    assert not Counter(mlqa_module.normalise(text, "en")).keys() & PUNCTUATION


def test_values_per_item_average_to_the_metric():
    gold = {str(number): ["a b c d e f g h"[:number]] for number in range(1, 16)}
    predictions = {str(number): "b d" for number in range(1, 12)}
    metrics, items = squad(predictions, gold), squad_items(predictions, gold)
    for name, value in metrics.items():
        assert value == pytest.approx(100 * sum(items[name]) / len(gold), rel=1e-12)
        assert len(items[name]) == len(gold)
        assert all(0 <= item <= 1 for item in items[name])
    assert metrics["f1"] > 0


@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "zh"])
def test_a_published_system_gets_its_published_mlqa_scores(shared_data, language):
    folder = shared_data / "xglue_unicoder_dev"
    lines = (folder / "evaluation_results_unicoder_dev.txt").read_text(encoding="utf-8").split("\n")
    published = ast.literal_eval(lines[lines.index("MLQA") + 1])[language]
    file = shared_data / "mlqa" / "MLQA_V1" / "dev" / f"dev-context-{language}-question-{language}.json"
    gold = gold_answers(json.loads(file.read_text(encoding="utf-8")), file.name)
    predictions = json.loads((folder / "MLQA" / f"{language}.prediction").read_text(encoding="utf-8"))
    assert mlqa(predictions, gold, language)["f1"] / 100 == published  # to the last bit


@pytest.mark.parametrize("name", ["xquad/*.json", "tydiqa_goldp/*/*.json", "mlqa/MLQA_V1/dev/*.json"])
def test_gold_scores_100_and_nothing_scores_0_on_real_files(shared_data, name):
    files = sorted(shared_data.glob(name))
    assert files
    for file in files:
        gold = gold_answers(json.loads(file.read_text(encoding="utf-8")), file.name)
        assert len(gold) >= 400
        assert squad({id_: answers[-1] for id_, answers in gold.items()}, gold)["exact_match"] == 100
        assert squad({}, gold) == {"exact_match": 0, "f1": 0}
