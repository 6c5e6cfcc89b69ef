"""Reading official files: the real ones, and made ones with everything that can be wrong with them."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from xbench_tasks.americasnli import AMERICASNLI
from xbench_tasks.flores import CODES, TAGS
from xbench_tasks.hooks import xbench_suites, xbench_tasks
from xbench_tasks.rows import Rows
from xbench_tasks.sib200 import SIB200
from xbench_tasks.snli import SNLI
from xbench_tasks.xnli import XNLI

from xbench.contracts import Data, Origin, Split
from xbench.errors import MissingDataError
from xbench.languages import canonical

REPOSITORY = Path(__file__).parents[2]
TASKS = {task.name: task for task in xbench_tasks()}
SAMPLE = Data(Origin.SAMPLE)


@pytest.fixture
def real(shared_data):
    """The real data as a place to read from."""
    return Data(Origin.FOLDER, shared_data)


def rows(task, data):
    """Rows and notes of every split and language there is."""
    read = {}
    for split in Split:
        for language in task.available(split, data):
            provenance = task.load(language, split, data).provenance
            read[str(split), language] = provenance.n_rows, provenance.note
    return read


def test_real_xnli_has_the_specified_rows(real):
    read = rows(XNLI, real)
    languages = ("ar", "de", "en", "es", "fr", "hi", "ru", "sw", "tr", "zh")
    assert read == {("validation", one): (2490, "") for one in languages} | {
        ("test", one): (5010, "") for one in languages
    }
    texts = XNLI.load("en", Split.TEST, real).inputs
    assert sum("\ufffd" in text for text in texts["text"].to_pylist()) == 3


def test_real_snli_lends_dev_and_test_and_trains_on_dev(real):
    read = rows(SNLI, real)
    assert {split: count for (split, _), (count, _) in read.items()} == {
        "train": 9842,  # dev stands in for it, so there is no validation split
        "test": 9824,
        "lent": 19666,
    }
    assert read["lent", "en"][1].startswith("dev and test in place of train: there is no file s1.train")
    assert "9,842 rows where the specification has 549,367" in read["train", "en"][1]


def test_real_americasnli_has_the_specified_rows(real):
    read = rows(AMERICASNLI, real)
    full = ("ay", "gn", "quy", "shp")
    counts = {("validation", one): 743 for one in full} | {("test", one): 750 for one in full}
    counts |= {("validation", "nah"): 585, ("test", "nah"): 738}
    assert read == {place: (count, "") for place, count in counts.items()}


def test_real_sib200_has_the_same_sentences_in_every_language(real):
    read = rows(SIB200, real)
    languages = SIB200.available(Split.TEST, real)
    assert len(languages) == 34
    counts = {"train": 701, "lent": 701, "validation": 99, "test": 204}
    assert read == {(split, one): (count, "") for split, count in counts.items() for one in languages}
    labels = {tuple(SIB200.load(one, Split.TEST, real).gold["label"].to_pylist()) for one in languages}
    assert len(labels) == 1


def test_the_sample_is_xnlis_alone():
    assert XNLI.available(Split.TEST, SAMPLE) == XNLI.languages
    examples = XNLI.load("sw", Split.TEST, SAMPLE)
    assert examples.provenance.id == XNLI.sample == "xnli-sample"
    assert set(examples.gold["label"].to_pylist()) == set(XNLI.labels)
    assert len(XNLI.load("en", Split.LENT, SAMPLE).gold) == len(XNLI.load("en", Split.TRAIN, SAMPLE).gold)
    advice = "sib200 has no bundled sample; name its data with --data DIR or --data hub"
    with pytest.raises(MissingDataError, match=advice):
        SIB200.available(Split.TEST, SAMPLE)
    with pytest.raises(MissingDataError, match=advice):
        SIB200.load("en", Split.TEST, SAMPLE)


BASE = Rows(["a", "b"], ["c", "d"], ["x", "y"])


@pytest.mark.parametrize(
    "changed",
    [
        Rows(["A", "b"], ["c", "d"], ["x", "y"]),
        Rows(["a", "b"], ["c", "D"], ["x", "y"]),
        Rows(["a", "b"], ["c", "d"], ["x", "x"]),
        Rows(["b", "a"], ["d", "c"], ["y", "x"]),
        Rows(["ac", "b"], ["", "d"], ["x", "y"]),
        Rows(["a"], ["c"], ["x"]),
        Rows(["a", "b"], None, ["x", "y"]),
    ],
)
def test_a_fingerprint_changes_with_any_change_of_a_row(changed):
    assert changed.fingerprint() != BASE.fingerprint()
    assert changed.fingerprint() == Rows(changed.texts, changed.pairs, changed.labels, "a note").fingerprint()


def test_flores_codes_map_to_one_canonical_tag_each():
    assert len(TAGS) == len(CODES) == 205
    assert [canonical(tag) for tag in TAGS.values()] == list(TAGS.values())
    examples = {"eng_Latn": "en", "arb_Arab": "ar", "arb_Latn": "ar-Latn", "zho_Hans": "zh", "zho_Hant": "zh-Hant"}
    examples |= {"swh_Latn": "sw", "pes_Arab": "fa", "est_Latn": "et", "quy_Latn": "quy", "nqo_Nkoo": "nqo"}
    assert {code: TAGS[code] for code in examples} == examples
    with pytest.raises(TypeError):
        TAGS["eng_Latn"] = "xx"


def test_tasks_describe_themselves():
    sizes = {"xnli": 15, "snli": 1, "americasnli": 10, "sib200": 205, "udpos": 38, "panx": 48, "pawsx": 7}
    sizes |= {"xcopa": 11, "copa": 1, "siqa": 1}
    assert {name: len(TASKS[name].languages) for name in sizes} == sizes
    assert {name for name in sizes if TASKS[name].parallel} == {"xnli", "sib200", "pawsx", "xcopa"}
    assert XNLI.hyperparameters["learning_rate"] == 2e-5
    assert dict(SIB200.hyperparameters) == {
        "learning_rate": 1e-5,
        "epochs": 20,
        "max_length": 164,
        "batch_size": 32,
    }
    for task in TASKS.values():
        assert "\n" not in task.summary


def test_a_suite_is_named_after_its_file_and_one_of_a_single_task_after_that():
    suites = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in xbench_suites()}
    for name, suite in suites.items():
        assert suite["name"] == name
        assert len(suite["tasks"]) > 1 or suite["tasks"] == [name]
        assert {"version", "title", "source", "citation", "url"} < set(suite)
    assert {"xnli", "pawsx", "udpos", "panx", "xcopa"} < set(suites)


def test_importing_the_hooks_imports_nothing_heavy():
    code = (
        "import sys, xbench_tasks.hooks as hooks\n"
        "hooks.xbench_tasks(), hooks.xbench_suites()\n"
        "heavy = {'datasets', 'evaluate', 'torch', 'pandas', 'pyarrow', 'numpy', 'huggingface_hub'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stderr.strip() == ""
    assert run.returncode == 0
