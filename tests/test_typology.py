"""Typology: URIEL's files, distances in them, the regression of gaps, and what a board says of both."""

import json
import zipfile

import numpy as np
import pytest

from tests.fakes import run
from tests.test_crossings import crossed
from tests.test_leaderboard import grid
from xbench import session
from xbench.errors import DataError
from xbench.forms import Extras
from xbench.languages import alpha3, script
from xbench.leaderboard import board
from xbench.page import to_html
from xbench.regression import regress
from xbench.render import to_json, to_markdown
from xbench.typologies import TOKENS, described
from xbench.uriel import read

CODES = {"en": "eng", "de": "deu", "sw": "swa", "zh": "zho", "fr": "fra", "hi": "hin", "fi": "fin", "eu": "eus"}
FAMILY = {"en": "01", "de": "01", "fr": "0", "hi": "0", "sw": "2", "zh": "3", "fi": "4", "eu": ""}
FAMILIES = ["F_Indo-European", "F_Germanic", "F_Atlantic-Congo", "F_Sino-Tibetan", "F_Uralic"]
S = {"en": [1] * 8, "de": [1] * 7 + [0], "fr": [1] * 6 + [0] * 2, "hi": [1] * 4 + [0] * 4, "fi": [1] * 3 + [0] * 5,
     "zh": [1] * 2 + [0] * 6, "sw": [1] + [0] * 7, "eu": [1, -1, -1, -1, -1, -1, -1, -1]}  # fmt: skip


def uriel(folder, syntax=None, families=FAMILY, languages=CODES):
    """A folder with small files of lang2vec's form."""
    place = folder / "lang2vec"
    place.mkdir(parents=True, exist_ok=True)
    syntax = S if syntax is None else syntax
    feats = [*(f"S_{at}" for at in range(8)), *(f"P_{at}" for at in range(8)), *(f"INV_{at}" for at in range(8))]
    data = np.array([[*syntax[at], *[-1] * 8, *[1] * 8] for at in languages], dtype=np.float64)[:, :, np.newaxis]
    codes = np.array([CODES[at] for at in languages])
    np.savez(place / "feature_averages.npz", langs=codes, feats=np.array(feats), sources=np.array(["avg"]), data=data)
    has = np.array([[str(at) in families[language] for at in range(5)] for language in languages], dtype=np.float32)
    made = {"langs": codes, "feats": np.array(FAMILIES), "sources": np.array(["FAM"]), "data": has[:, :, np.newaxis]}
    np.savez(place / "family_features.npz", **made)
    return folder


@pytest.fixture
def made(tmp_path):
    """The small files, and results whose gap grows with syntactic distance."""
    folder = uriel(tmp_path / "data")
    scores = {at: 20 + 7.5 * sum(max(value, 0) for value in S[at]) for at in CODES}
    return folder, grid("finetune", scores, (0, 1))


def only(results, folder):
    (typology,) = described(board(results), results, folder).typologies
    return typology


def test_a_language_tag_has_a_code_of_three_letters_and_a_script():
    assert [alpha3(tag) for tag in ("en", "zh-Hant", "quy")] == ["eng", "zho", "quy"]
    assert [script(tag) for tag in ("en", "zh-Hant", "hi", "he")] == ["Latn", "Hant", "Deva", "Hebr"]


def test_distances_are_cosines_in_what_both_have_and_the_genetic_one_counts_common_families(tmp_path):
    found = read(uriel(tmp_path), [*CODES, "yo"])
    assert found.between("syntactic", "en", "de") == pytest.approx(1 - 7 / np.sqrt(7 * 8))
    assert found.between("syntactic", "en", "eu") is None, "one feature in common tells nothing"
    assert found.between("phonological", "en", "de") is None
    assert found.between("inventory", "en", "sw") == pytest.approx(0)
    assert found.between("genetic", "en", "de") == pytest.approx(0)
    assert found.between("genetic", "en", "fr") == pytest.approx(1 - 1 / np.sqrt(2))
    assert found.between("genetic", "en", "eu") == 1.0
    assert found.between("syntactic", "en", "yo") is None
    assert (found.families["de"], found.families["eu"], found.unknown) == ("Indo-European", "", ("yo",))
    assert "geographic" not in found.distances


def test_files_that_are_not_there_or_of_another_form_are_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"feature_averages.npz is not there; name a folder with the files of lang2vec"):
        read(tmp_path, ["en"])
    uriel(tmp_path)
    file = tmp_path / "lang2vec" / "family_features.npz"
    np.savez(file, langs=np.array([{"a": 1}], dtype=object), feats=np.array(["x"]), data=np.zeros((1, 1, 1)))
    with pytest.raises(DataError, match=r"family_features.npz: not a file of lang2vec .* Object arrays cannot be"):
        read(tmp_path, ["en"])
    np.savez(file, langs=np.array(["eng"]), feats=np.array(["x"]), data=np.zeros((1, 2, 1)))
    with pytest.raises(DataError, match="data must be languages x features x sources"):
        read(tmp_path, ["en"])
    with zipfile.ZipFile(file, "w"):
        pass
    with pytest.raises(DataError, match="langs"):
        read(tmp_path, ["en"])


def test_leaving_one_out_is_as_fitting_anew_without_it():
    generator = np.random.default_rng(0)
    one, two = generator.normal(size=(2, 9))
    values = 3 * one + generator.normal(size=9)
    found = regress(values, {"one": one, "two": two, "same": np.ones(9)})
    design = np.stack([(column - column.mean()) / column.std() for column in (one, two)] + [np.ones(9)], axis=1)
    penalty, errors = np.diag([1.0, 1.0, 0.0]), []
    for out in range(9):
        rest = np.delete(np.arange(9), out)
        slopes = np.linalg.solve(design[rest].T @ design[rest] + penalty, design[rest].T @ values[rest])
        errors.append(values[out] - design[out] @ slopes)
    assert found.error == pytest.approx(np.sqrt(np.mean(np.square(errors))))
    means = [np.delete(values, out).mean() for out in range(9)]
    assert found.error_of_mean == pytest.approx(np.sqrt(np.mean((values - means) ** 2)))
    assert set(found.slopes) == {"one", "two"}


def test_a_planted_cause_is_found_and_noise_explains_nothing():
    generator = np.random.default_rng(1)
    columns = {name: generator.normal(size=30) for name in "abc"}
    found = regress(5 * columns["a"] + generator.normal(size=30), columns)
    assert found.error < found.error_of_mean / 3
    assert found.p < 0.01
    assert found.slopes["a"] == pytest.approx(5 * columns["a"].std(), rel=0.2)
    chances = [regress(generator.normal(size=30), columns).p for _ in range(400)]
    assert 0.015 < np.mean(np.array(chances) <= 0.05) < 0.1
    with pytest.raises(ValueError, match="4 examples are too few"):
        regress(np.arange(4.0), {})


def test_the_gap_of_each_target_is_regressed_on_what_is_known_of_it(made):
    folder, results = made
    typology = only(results, folder)
    profiles = {one.language: one for one in typology.profiles}
    assert (profiles["de"].family, profiles["hi"].script, profiles["de"].tokens) == ("Indo-European", "Deva", {})
    assert typology.columns == ("inventory", "genetic", "other script")
    assert typology.left_out == ("syntactic", "phonological")
    (fit,) = typology.fits
    assert fit.gaps["sw"] == pytest.approx(52.5, abs=0.5)
    assert fit.regression.examples == 7


def test_a_language_that_alone_lacks_a_number_is_left_out_and_one_that_is_unknown_too(made, tmp_path):
    _, results = made
    syntax = S | {"eu": [1] * 5 + [0] * 3}
    typology = only(results + grid("finetune", {"yo": 30}, (0, 1)), uriel(tmp_path / "more", syntax))
    assert typology.unknown == ("yo",)
    assert typology.columns[0] == "syntactic"
    assert typology.fits[0].without == ("yo",)
    assert typology.fits[0].regression.slopes["syntactic"] > 0
    assert typology.fits[0].regression.error < typology.fits[0].regression.error_of_mean


def test_tokens_per_word_are_told_where_results_have_them(made):
    folder, results = made
    told = [{"encoder": {"readings": {TOKENS: 1.0 + len(one.cell.target + one.cell.recipe) + at % 7}}}
            for at, one in enumerate(results)]  # fmt: skip
    results = [type(one)(**(vars(one) | {"diagnostics": say})) for one, say in zip(results, told, strict=True)]
    typology = only(results, folder)
    assert typology.profiles[0].tokens == {"xlmr": pytest.approx(np.mean([told[at]["encoder"]["readings"][TOKENS]
                                           for at, one in enumerate(results) if one.cell.target == "de"]))}  # fmt: skip
    assert TOKENS in typology.fits[0].regression.slopes
    assert "not recorded" not in to_markdown(described(board(results), results, folder))


@pytest.mark.parametrize(
    ("languages", "says"),
    [("en de fr", "2 languages, and a regression takes 5"), ("de fr hi fi zh sw", "no score in en")],
)
def test_where_there_is_no_regression_it_is_said_why(made, languages, says):
    folder, results = made
    results = [one for one in results if one.cell.target in languages.split()]
    assert says in only(results, folder).fits[0].lacking
    assert f"no regression: {says}" in to_markdown(described(board(results), results, folder))


def test_a_source_is_proposed_by_distance_and_beside_it_stands_what_was_measured(made):
    folder, results = made
    (serving,) = described(board(results), results, folder).servings
    assert [at for at, _ in serving.nearest["en"]] == ["de", "fr", "hi"]
    assert serving.measured == ()
    results = crossed()
    several = described(board(results), results, folder)
    assert several.servings[0].candidates == ("de", "en", "zh")
    assert several.servings[0].nearest["sw"][0][0] == "zh"
    text = to_markdown(several)
    assert "de (tie: en)" in text
    assert "is the measured best one, or ties with it, for 3 of 4 targets; one drawn at random would be for 2." in text
    assert "The genetic one is of the families" in text


def test_markdown_page_and_json_tell_the_same_and_only_where_it_is_asked_for(made, tmp_path):
    folder, results = made
    told, plain = described(board(results), results, folder), board(results)
    assert "tokens per word: not recorded in these results" in to_markdown(told)
    assert "a prediction by mean distance in URIEL" in to_html(told, results)
    assert "URIEL" not in to_markdown(plain) + to_html(plain, results)
    assert json.loads(to_json(told))["typologies"][0]["profiles"][0]["family"] == "Indo-European"
    opened, _ = run(tmp_path)
    assert "## fake-task: languages and transfer gaps (source en)" in session.board(
        opened.folder, extras=Extras(typology=folder)
    )


def test_real_uriel_on_a_real_board(shared_data, repository):
    if not (shared_data / "lang2vec").is_dir():
        pytest.skip("needs lang2vec in the folder of official files")
    made = session.board(repository / "leaderboards" / "sib200", extras=Extras(typology=shared_data))
    for expected in ("| Uralic ", "| Beng ", "de (0.16), nl (0.17)", "tokens per word, xbench-mini"):
        assert expected in made
    found = json.loads(
        session.board(repository / "leaderboards" / "sib200", "json", extras=Extras(typology=shared_data))
    )
    fits = found["typologies"][0]["fits"]
    assert [fit["regression"]["examples"] for fit in fits] == [32] * len(fits)
    assert all(0 < fit["regression"]["error"] < 100 for fit in fits)
