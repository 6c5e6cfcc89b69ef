"""AmericasNLI: XNLI in 10 Indigenous languages of the Americas (Ebrahimi et al. 2022,
https://aclanthology.org/2022.acl-long.435/).

Evaluation only: it is trained on XNLI's English (MultiNLI). Files as the authors give them: `dev/xx.tsv` and
`test/xx.tsv` with the header id, language, premise, hypothesis, label.

No data set of the hub is named here: no full commit of nala-cub/americas_nli could be established.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench.errors import DataError
from xbench_tasks.classification import ClassificationTask
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_labels, check_texts, read_table
from xbench_tasks.rows import Rows
from xbench_tasks.xnli import LABELS, RECIPE

# BCP 47 tag: the data set's own code.
_CODES = {
    "ay": "aym",
    "bzd": "bzd",
    "cni": "cni",
    "gn": "gn",
    "hch": "hch",
    "nah": "nah",
    "oto": "oto",
    "quy": "quy",
    "shp": "shp",
    "tar": "tar",
}
_COLUMNS = ("id", "language", "premise", "hypothesis", "label")
_COUNTS = {Split.VALIDATION: 743, Split.TEST: 750}
# The paper has 376 Nahuatl dev pairs; the authors' repository (abteen/americasnli@bebd02c) has 585.
_FEWER = {
    ("cni", Split.VALIDATION): 658,
    ("nah", Split.VALIDATION): 585,
    ("nah", Split.TEST): 738,
    ("oto", Split.VALIDATION): 222,
    ("oto", Split.TEST): 748,
}


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    part = FILE_SPLIT[split]
    return () if part == "train" else (folder / part / f"{_CODES[language]}.tsv",)


def _read(folder: Path, language: str, split: Split) -> Rows:
    (file,) = _files(folder, language, split)
    table = read_table(file, _COLUMNS, header=True)
    code = _CODES[language]
    for number, row in enumerate(table, start=2):
        if row[1] != code:
            raise DataError(f"{file}:{number}: the language is {row[1]!r} in the file of {code!r}")
    rows = Rows([row[2] for row in table], [row[3] for row in table], [row[4] for row in table])
    check_texts(file, "premise", rows.texts, first_line=2)
    check_texts(file, "hypothesis", rows.pairs or (), first_line=2)
    check_labels(file, rows.labels, LABELS, first_line=2)
    return rows


AMERICASNLI = ClassificationTask(
    name="americasnli",
    summary="Does a premise entail a hypothesis, contradict it, or neither? 10 Indigenous American languages",
    labels=LABELS,
    languages=tuple(_CODES),
    layout=Layout(_files, _read),
    counts=lambda language, split: _FEWER.get((language, split), _COUNTS.get(split)),
    donor="xnli",
    hyperparameters=RECIPE,
)
