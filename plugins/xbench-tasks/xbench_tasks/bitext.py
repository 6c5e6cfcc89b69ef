"""English sentences with their translations into 14 languages, from several collections.

Files `parallel/en-xx.tsv.gz`: the collection, English, and the other language. What teaches are the collections of
sentences: `tatoeba` (of OPUS-MT-testsets, Tiedemann 2020, https://aclanthology.org/2020.wmt-1.139/), `ntrex` (Federmann
et al. 2022, https://aclanthology.org/2022.sumeval-1.4/), `tico19` (Anastasopoulos et al. 2020,
https://aclanthology.org/2020.nlpcovid19-2.5/) and `indic` (Post et al. 2012, https://aclanthology.org/W12-3152/).
Interface strings, names and words are left out, which is noted; another collection is refused.
"""

from pathlib import Path

from xbench.contracts import Resource
from xbench.errors import DataError
from xbench_tasks.files import check_texts, read_table
from xbench_tasks.paired import Found, PairedTexts, PairFiles, beside_english, turned

LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
SENTENCES = frozenset({"tatoeba", "ntrex", "tico19", "indic"})
OTHERS = frozenset({"mozilla", "cldr", "wn", "urdict"})  # interface strings, names, lemmas of wordnets, a dictionary
_COLUMNS = ("source", "English", "other")


def _files(folder: Path, source: str, target: str) -> tuple[Path, ...]:
    other = beside_english(source, target)
    return (folder / f"en-{other}.tsv.gz",) if other else ()


def _read(folder: Path, source: str, target: str) -> Found:
    (file,) = _files(folder, source, target)
    table = read_table(file, _COLUMNS, header=False)
    for at, column in enumerate(_COLUMNS):
        check_texts(file, column, [row[at] for row in table])
    for number, (collection, _, _) in enumerate(table, start=1):
        if collection not in SENTENCES | OTHERS:
            known = ", ".join(sorted(SENTENCES | OTHERS))
            raise DataError(f"{file}:{number}: the source {collection!r} is none of {known}")
    rows = [(english, other) for collection, english, other in table if collection in SENTENCES]
    left = len(table) - len(rows)
    note = f"{left:,} interface strings, names and words left out" if left else ""
    return Found(turned(rows, source != "en"), note)


BITEXT = PairedTexts(
    name="bitext",
    summary="English sentences in 14 languages: Tatoeba, news, health, Wikipedia",
    supplies=Resource.PARALLEL,
    languages=LANGUAGES,
    official=PairFiles("parallel", _files, _read),
)
