"""Bundled paired data: the phrases and sentences of 15 languages that stand in for a dictionary and parallel text."""

from xbench.contracts import Resource
from xbench_tasks.paired import PairedTexts, Rows
from xbench_tasks.xnli import LANGUAGES


def _sentences(source: str, target: str) -> Rows:
    from xbench_tasks.sample.paired import sentences

    return sentences(source, target)


def _dictionary(source: str, target: str) -> Rows:
    from xbench_tasks.sample.paired import dictionary

    return dictionary(source, target)


SAMPLE_PARALLEL = PairedTexts(
    name="sample-parallel",
    summary="The bundled sample: 1,000 made sentences in any two of 15 languages, nothing of xnli-sample's tests",
    supplies=Resource.PARALLEL,
    languages=LANGUAGES,
    bundled=_sentences,
)
SAMPLE_DICTIONARY = PairedTexts(
    name="sample-dictionary",
    summary="The bundled sample: the phrases that xnli-sample is made of, in any two of 15 languages",
    supplies=Resource.DICTIONARY,
    languages=LANGUAGES,
    bundled=_dictionary,
)
