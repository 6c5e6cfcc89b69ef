"""The New Testament, verse by verse (Christodouloupoulos and Steedman 2015,
https://doi.org/10.1007/s10579-014-9287-y; English of the King James version).

Files `bible_nt/verse_ids.txt`, an id a line such as `b.MAT.1.1`, and `bible_nt/aligned/xxx.txt`, whose line i is the
verse of id i, empty where the translation lacks it. A pair is a verse that both languages have. Tests that are made
of verses, such as Taxi1500, must not be run after it.
"""

from pathlib import Path

from xbench.contracts import Resource
from xbench.errors import DataError
from xbench_tasks.files import check_aligned, check_texts, read_lines
from xbench_tasks.paired import Found, PairedTexts, PairFiles

CODES = {"en": "eng", "et": "est", "eu": "eus", "sw": "swa", "wo": "wol"}


def _files(folder: Path, source: str, target: str) -> tuple[Path, ...]:
    return folder / "verse_ids.txt", *(folder / "aligned" / f"{CODES[one]}.txt" for one in (source, target))


def _read(folder: Path, source: str, target: str) -> Found:
    id_file, *verse_files = _files(folder, source, target)
    ids = _ids(id_file)
    sides = [read_lines(file) for file in verse_files]
    for file, side in zip(verse_files, sides, strict=True):
        check_aligned(id_file, len(ids), file, len(side))
    rows = [(first, second) for first, second in zip(*sides, strict=True) if first and second]
    lacking = len(ids) - len(rows)
    return Found(rows, f"{lacking:,} verses that one of the two lacks left out" if lacking else "")


def _ids(file: Path) -> list[str]:
    ids = read_lines(file)
    check_texts(file, "id", ids)
    first: dict[str, int] = {}
    for number, id_ in enumerate(ids, start=1):
        if first.setdefault(id_, number) != number:
            raise DataError(f"{file}:{number}: the id {id_!r} is that of line {first[id_]} already")
    return ids


BIBLE = PairedTexts(
    name="bible",
    summary="Verses of the New Testament in any two of 5 languages",
    supplies=Resource.PARALLEL,
    languages=tuple(CODES),
    official=PairFiles("bible_nt", _files, _read),
)
