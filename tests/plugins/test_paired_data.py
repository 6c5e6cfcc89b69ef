"""Parallel text and dictionaries: official files, real and made, with everything that can be wrong; and the samples."""

import gzip

import pytest
from xbench_tasks.bible import BIBLE
from xbench_tasks.bitext import BITEXT
from xbench_tasks.files import read_lines
from xbench_tasks.hooks import xbench_resources
from xbench_tasks.ntrex import NTREX
from xbench_tasks.panlex import PANLEX
from xbench_tasks.sample.nli import LANGUAGES, pairs
from xbench_tasks.samples import SAMPLE_DICTIONARY, SAMPLE_PARALLEL
from xbench_tasks.wiktionary import WIKTIONARY

from xbench.contracts import Data, Origin, Resource
from xbench.errors import DataError, MissingDataError
from xbench.languages import canonical
from xbench.leakage import marks_of
from xbench.testing import check_resource

SAMPLE = Data(Origin.SAMPLE)
OFFICIAL = [BITEXT, NTREX, BIBLE, WIKTIONARY, PANLEX]
EN_DE, EN_NEWS, DE_NEWS = (
    "parallel/en-de.tsv.gz",
    "ntrex128/NTREX-128/newstest2019-src.eng.txt",
    "ntrex128/NTREX-128/newstest2019-ref.deu.txt",
)
IDS, EN_VERSES, WO_VERSES = "bible_nt/verse_ids.txt", "bible_nt/aligned/eng.txt", "bible_nt/aligned/wol.txt"
GERMAN, TRAIN, TEST = (
    "wiktionary_dicts/german.txt",
    "panlex_bli/fi-no/fi-no.train.5000.cc.trans",
    "panlex_bli/fi-no/fi-no.test.2000.cc.trans",
)
FILES = {
    EN_DE: "tatoeba\tYes.\tJa.\nmozilla\tSave\tSpeichern\ntico19\tA\u2028cough.\tHusten.\ncldr\tMali\tMali\n",
    EN_NEWS: "One.\r\nTwo.\r\n",
    DE_NEWS: "Eins.\nZwei.\n",
    "ntrex128/NTREX-128/newstest2019-ref.zho-CN.txt": "一。\n二。\n",
    IDS: "b.MAT.1.1\nb.MAT.1.2\nb.MAT.1.3\n",
    EN_VERSES: "First\nSecond\nThird\n",
    WO_VERSES: "Benn\n\nÑett\n",
    GERMAN: "free\tfrei\nfree of charge\tumsonst\nfree\tgratis\nfree\tfrei\n",
    TRAIN: "koira\thund\nkissa\tkatt\nkissa\tpus\n",
    TEST: "kissa\tpusekatt\n",
}


def write(data, files):
    for name, text in files.items():
        path = data.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return data


@pytest.fixture
def made(tmp_path):
    """Small files in the official layouts."""
    return write(Data(Origin.FOLDER, tmp_path), FILES)


@pytest.fixture
def real(shared_data):
    """The real data as a place to read from."""
    return Data(Origin.FOLDER, shared_data)


@pytest.mark.parametrize("resource", xbench_resources(), ids=lambda resource: resource.name)
def test_languages_are_bcp_47_each_once(resource):
    assert [canonical(language) for language in resource.languages] == list(resource.languages)
    assert len(set(resource.languages)) == len(resource.languages)


@pytest.mark.parametrize("resource", [BITEXT, NTREX, BIBLE, WIKTIONARY], ids=lambda resource: resource.name)
def test_a_resource_keeps_the_contract(resource, made):
    assert resource.targets("en", made)
    check_resource(resource, made)


def test_the_targets_are_those_whose_files_are_there(made):
    assert BITEXT.targets("en", made) == ("de",)
    assert BITEXT.targets("de", made) == ("en",)
    assert NTREX.targets("de", made) == ("en", "zh")
    assert BIBLE.targets("wo", made) == ("en",)
    assert WIKTIONARY.targets("de", made) == ("en",)
    assert (PANLEX.targets("fi", made), PANLEX.targets("nb", made)) == (("nb",), ("fi",))
    assert PANLEX.targets("en", made) == ()


def test_sentences_teach_and_other_collections_do_not(made):
    found = BITEXT.load("en", "de", made)
    assert found.rows == [("Yes.", "Ja."), ("A\u2028cough.", "Husten.")]
    assert found.provenance.note == "2 interface strings, names and words left out"
    assert BITEXT.load("de", "en", made).rows == [("Ja.", "Yes."), ("Husten.", "A\u2028cough.")]


def test_any_two_languages_of_the_news_are_a_pair_however_their_lines_end(made):
    assert NTREX.load("en", "de", made).rows == [("One.", "Eins."), ("Two.", "Zwei.")]
    assert NTREX.load("zh", "de", made).rows == [("一。", "Eins."), ("二。", "Zwei.")]


def test_verses_that_a_translation_lacks_are_left_out_and_counted(made):
    found = BIBLE.load("wo", "en", made)
    assert found.rows == [("Benn", "First"), ("Ñett", "Third")]
    assert found.provenance.note == "1 verses that one of the two lacks left out"


def test_entries_of_several_words_stay_and_repeated_ones_are_dropped_and_counted(made):
    found = WIKTIONARY.load("en", "de", made)
    assert found.rows == [("free", "frei"), ("free of charge", "umsonst"), ("free", "gratis")]
    assert found.provenance.note == "1 pairs that are there already dropped"
    assert found.provenance.n_rows == 3
    assert WIKTIONARY.load("de", "en", made).rows[1] == ("umsonst", "free of charge")


def test_a_word_that_is_asked_for_does_not_teach(made):
    found = PANLEX.load("fi", "nb", made)
    assert found.rows == [("koira", "hund")]
    assert found.provenance.note == "2 pairs of words that fi-no.test.2000.cc.trans asks for dropped"


def test_a_direction_has_its_own_file_before_the_reverse_of_the_other(made):
    assert PANLEX.load("nb", "fi", made).rows == [("hund", "koira"), ("katt", "kissa"), ("pus", "kissa")]
    write(made, {"panlex_bli/no-fi/no-fi.train.5000.cc.trans": "ja\tkyllä\n"})
    assert PANLEX.load("nb", "fi", made).rows == [("ja", "kyllä")]


def test_provenance_tells_of_every_change(made):
    before = WIKTIONARY.load("en", "de", made).provenance
    assert (before.id, before.split, before.origin) == ("wiktionary", "all", "folder")
    write(made, {GERMAN: FILES[GERMAN].replace("gratis", "ledig")})
    assert WIKTIONARY.load("en", "de", made).provenance.fingerprint != before.fingerprint


MALFORMED = {
    "no translation": (GERMAN, WIKTIONARY, "free\tfrei\nfree\n", 2, "1 columns where 2 are expected (English, word)"),
    "an empty word": (GERMAN, WIKTIONARY, "free\tfrei\n\tfrei\n", 2, "the English is empty"),
    "a column too many": (TRAIN, PANLEX, "a\tb\tc\n", 1, "3 columns where 2 are expected (word, translation)"),
    "no collection": (EN_DE, BITEXT, "Yes.\tJa.\n", 1, "2 columns where 3 are expected (source, English, other)"),
    "another collection": (EN_DE, BITEXT, "wn\ta\tb\nopus\ta\tb\n", 2, "the source 'opus' is none of cldr, indic"),
    "an empty sentence": (EN_DE, BITEXT, "ntrex\tYes.\t\n", 1, "the other is empty"),
    "cut off": (EN_DE, BITEXT, "ntrex\tYes.\tJa.\nntrex\tNo.", 2, "the last line is cut off"),
    "a line too few": (
        DE_NEWS,
        NTREX,
        "Eins.\n",
        None,
        "newstest2019-ref.deu.txt, aligned with it line by line, has 1",
    ),
    "an empty line": (DE_NEWS, NTREX, "Eins.\n\n", 2, "the sentence is empty"),
    "a verse too many": (
        WO_VERSES,
        BIBLE,
        "a\nb\nc\nd\n",
        None,
        "wol.txt, aligned with it line by line, has 4: line 4",
    ),
    "an id again": (IDS, BIBLE, "x\ny\nx\n", 3, "the id 'x' is that of line 1 already"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_its_line(case, made):
    name, resource, text, line, message = MALFORMED[case]
    write(made, {name: text})
    source, target = {PANLEX: ("fi", "nb"), BIBLE: ("en", "wo")}.get(resource, ("en", "de"))
    with pytest.raises(DataError) as caught:
        resource.load(source, target, made)
    assert message in str(caught.value)
    assert line is None or str(caught.value).startswith(f"{made.folder / name}:{line}: ")


@pytest.mark.parametrize("broken", [b"no gzip", gzip.compress(b"x" * 999)[:-9]], ids=["no gzip", "cut off"])
def test_a_broken_archive_is_named(tmp_path, broken):
    path = tmp_path / "words.tsv.gz"
    path.write_bytes(broken)
    with pytest.raises(DataError, match=r"words\.tsv\.gz: is no gzip file, or is cut off"):
        read_lines(path)


def test_what_is_missing_is_named_with_what_there_is(made):
    with pytest.raises(MissingDataError, match=r"'en' with 'sw': looked for .*en-sw.tsv.gz; there are de"):
        BITEXT.load("en", "sw", made)
    with pytest.raises(MissingDataError, match="wiktionary has no pairs of 'de' with 'tr': there are en"):
        WIKTIONARY.load("de", "tr", made)
    with pytest.raises(MissingDataError, match="ntrex has no pairs of 'en' with 'en': there are de, zh"):
        NTREX.load("en", "en", made)
    with pytest.raises(MissingDataError, match="panlex has no pairs of 'xx' with 'fi': there are no language"):
        PANLEX.load("xx", "fi", made)


def test_official_files_are_no_sample_and_the_samples_no_official_files(made):
    for resource in OFFICIAL:
        with pytest.raises(MissingDataError, match=f"{resource.name} has no data of the origin sample"):
            resource.targets("en", SAMPLE)
    for resource in (SAMPLE_DICTIONARY, SAMPLE_PARALLEL):
        with pytest.raises(MissingDataError, match=f"{resource.name} has no data of the origin folder"):
            resource.load("en", "de", made)
        with pytest.raises(MissingDataError, match="of the origin hub"):
            resource.targets("en", Data(Origin.HUB))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sample_sentence_gives_away_what_is_judged(language):
    judged = {text for split in ("validation", "test") for pair in pairs(language, split)
              for text in (pair.premise, pair.hypothesis)}  # fmt: skip
    other = "en" if language != "en" else "sw"
    texts = {text for text, _ in SAMPLE_PARALLEL.load(language, other, SAMPLE).rows}
    assert len(texts) == 1000
    assert not judged & texts
    taught = {mark for text in texts for mark in marks_of(text)}
    assert taught.isdisjoint(mark for text in judged for mark in marks_of(text))


def test_the_samples_are_the_same_sentences_in_every_language():
    assert SAMPLE_PARALLEL.targets("sw", SAMPLE) == tuple(one for one in LANGUAGES if one != "sw")
    english = dict(SAMPLE_PARALLEL.load("de", "en", SAMPLE).rows)
    for german, swahili in SAMPLE_PARALLEL.load("de", "sw", SAMPLE).rows[:50]:
        assert (english[german], swahili) in SAMPLE_PARALLEL.load("en", "sw", SAMPLE).rows
    words = dict(SAMPLE_DICTIONARY.load("en", "de", SAMPLE).rows)
    assert (words["the farmer"], words["drinks"], words["an apple"]) == ("der Bauer", "trinkt", "einen Apfel")
    assert 80 < len(SAMPLE_DICTIONARY.load("de", "fr", SAMPLE).rows) < 100


def test_real_files_have_the_rows_they_are_said_to_have(real):
    assert (len(BITEXT.targets("en", real)), len(WIKTIONARY.targets("en", real))) == (14, 20)
    swahili = BITEXT.load("en", "sw", real)
    assert len(swahili.rows) == 1996 + 2088 + 20
    assert swahili.provenance.note == f"{5191 + 3542:,} interface strings, names and words left out"
    assert len(NTREX.targets("yo", real)) == 11
    assert len(NTREX.load("yo", "zh", real).rows) == 1997
    assert BIBLE.targets("en", real) == ("et", "eu", "sw", "wo")
    assert BIBLE.load("wo", "en", real).provenance.note.startswith("39 verses that one of the two lacks left out")
    assert WIKTIONARY.load("yo", "en", real).provenance.n_rows == 1153
    assert PANLEX.targets("fi", real) == ("et", "hu", "tr")
    assert WIKTIONARY.supplies is Resource.DICTIONARY


def test_no_real_word_that_is_asked_for_teaches(real):
    taught = {word for word, _ in PANLEX.load("fi", "et", real).rows}
    lines = read_lines(real.folder / "panlex_bli/fi-et/fi-et.test.2000.cc.trans")
    assert len(taught) > 3000
    assert not taught & {line.partition("\t")[0] for line in lines}
