"""TED topics: what a talk is about, by its title and first sentences; six topics, English and Chinese.

After the topic classification of TED talks by Hermann and Blunsom 2014 (https://aclanthology.org/P14-1006/), whose
keywords these topics are among (the environment is one of its global issues); there each keyword is a problem of its
own, here a talk has one topic. Files `ted_topics/{train,dev,test}-{en,zh}.tsv`, a topic, a tab and a text a line; the
bundled sample is written for xbench, and is no talk that was given.

The resource `ted-parallel` is parallel text to align with: `ted_topics/parallel-en-zh.tsv`, English, a tab and Chinese
a line, or the sample's, of which no sentence is in the sample's dev or test talks.

No data set of the hub is named here: those of TED talks have no topics.
"""

from pathlib import Path

from xbench.contracts import Resource, Split
from xbench_tasks.classification import ClassificationTask
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_labels, check_texts, read_table
from xbench_tasks.paired import Found, PairedTexts, PairFiles, read_pairs, turned
from xbench_tasks.paired import Rows as PairRows
from xbench_tasks.rows import Rows

FOLDER = "ted_topics"
LABELS = ("business", "culture", "environment", "health", "science", "technology")
LANGUAGES = ("en", "zh")


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (folder / f"{FILE_SPLIT[split]}-{language}.tsv",)


def _read(folder: Path, language: str, split: Split) -> Rows:
    (file,) = _files(folder, language, split)
    table = read_table(file, ("topic", "text"), header=False)
    topics, texts = [row[0] for row in table], [row[1] for row in table]
    check_labels(file, topics, LABELS)
    check_texts(file, "text", texts)
    return Rows(texts, None, topics)


def _bundled(language: str, split: Split) -> Rows:
    from xbench_tasks.sample.talks import talks

    made = talks(language, str(Split.TRAIN if split is Split.LENT else split))
    return Rows([text for _, text in made], None, [topic for topic, _ in made])


def _pair_files(folder: Path, source: str, target: str) -> tuple[Path, ...]:
    return (folder / "parallel-en-zh.tsv",)


def _read_pairs(folder: Path, source: str, target: str) -> Found:
    (file,) = _pair_files(folder, source, target)
    return Found(turned(read_pairs(file, ("English", "Chinese")), source != "en"))


def _bundled_pairs(source: str, target: str) -> PairRows:
    from xbench_tasks.sample.talks import sentences

    return turned(sentences(), source != "en")


TED_TOPICS = ClassificationTask(
    name="ted-topics",
    summary="What a talk is about, by its title and first sentences (6 topics), in English and Chinese",
    labels=LABELS,
    languages=LANGUAGES,
    layout=Layout(_files, _read, (FOLDER,)),
    counts=lambda language, split: None,
    bundled=_bundled,
    sample="ted-topics-sample",
    hyperparameters={"learning_rate": 2e-5, "epochs": 10, "max_length": 128, "batch_size": 32},
)
TED_PARALLEL = PairedTexts(
    name="ted-parallel",
    summary="Sentences of talks in English and Chinese",
    supplies=Resource.PARALLEL,
    languages=LANGUAGES,
    official=PairFiles(FOLDER, _pair_files, _read_pairs),
    bundled=_bundled_pairs,
)
