"""How a board is to be read: the legends under its tables."""

from xbench.standings import Board
from xbench.statistics import DRAWS

LEGEND = f"""\
### How to read this

- *avg*: mean over the target languages, without the source, of the mean over seeds. *gap*: the source's score
  minus avg. *n/a*: a language or seed is missing, and a mean of fewer does not compare; the notes say which.
- *95 %*: interval of avg over these languages by percentile bootstrap, {DRAWS} draws of test examples. All rows
  are scored on the same draws, and so are languages whose test examples are parallel. Where there are several
  seeds it is as much wider as they differ beyond their examples, by Student's t: two seeds that differ say little
  of other seeds, and one says nothing. Numbers have the digits that their intervals support; those of languages
  alike, by the mean interval.
- *to best*: avg minus that of the best row, with its interval. A *tie* is a difference whose interval covers
  zero; rows that tie with the best share its rank. Each row is judged by itself: among 20 rows that are
  equally good, expect one to look different.
- *majority class*: the score of always answering the commonest training label, a row per such label.
- *n*: test examples per language. *supervision*: how many rows of data were really read, by language: an
  example or a text is a row, and so is a pair of texts."""

COMPARED_LEGEND = """\
- *ranks*: those that the row may have with 95 % confidence, by all its differences to others at once (Holm).
  *ties*: two rows have a letter in common where they tie, each two judged by themselves.
- *to baseline*: avg minus that of the baseline, plain fine-tuning of the row's model (else its first recipe
  without aligner) unless another is named, with its interval. *other languages*: its interval for languages
  like these, if these are a sample of them; n/a of less than three. *better in*, *worse in*: so many target
  languages differ from the baseline, by all at once (Holm); *won, tied, lost*: each judged by itself.
- *detectable*: a true difference to the baseline that so many examples and seeds would show four times out of
  five. What is not shown may still be there, if it is smaller."""

SUITE_LEGEND = """\
- A suite's table: the score of a task is the mean over all its languages, *the source included*, of the mean
  over seeds; that of a group is the mean of its tasks' scores, and *score*, the suite's, that of all tasks' or,
  where it says so, groups' scores. Each is there only where nothing of it is lacking: else *n/a*, and the
  notes say what lacks. Means over the target languages alone, and transfer gaps, are in the tables of the
  tasks. Intervals, ties and ranks are those of *score*; tasks are drawn independently of each other."""

CROSSED_LEGEND = """\
- *from source to target*: means over the seeds that all sources of a recipe have; *n/a* where one is lacking. In
  italics: source and target are the same, which is no transfer. *mean*: over the targets without the source itself,
  so that the means of two sources are not over the same languages. *best source*: of those that are not the target
  itself, where there are two or more; *ties with it*: their difference to it, on the same draws of test examples, has
  an interval that covers zero, each judged by itself. *side by side*: sources that make no difference share a line."""

TYPOLOGY_LEGEND = """\
- *distances*: one minus the cosine of two languages' features in URIEL, means over its sources, in those that both
  have; nothing is imputed. The genetic one is of the families that they are in, of which *family* is the largest:
  none stands for an isolate, or what URIEL gives no family. *script*: the one that CLDR gives the language.
- *regression of the gap*: ridge, with a penalty of 1 on columns of variance 1. A column's number is the points of gap
  that a standard deviation more of it adds; *n/a* where it does not vary. *error*: root mean square over languages,
  each predicted from the others; the columns explain something where it is below the *error of the mean* of the
  others. *p*: how often columns dealt out anew to the languages do so well; it takes languages to be independent,
  which those of one family are not.
- *near*: the sources by the mean of their distances to the target in URIEL. No score is in it: it is a prediction."""

COST_LEGEND = """\
- *seconds of training*: of all alignments and fits of the row, as if nothing were shared; *shared*: every one divided
  among the rows of the table that it serves, so that the column adds up to what was spent. *memory*: the largest that
  the process had resident in any stage; *accelerator*: what was allocated there; *energy*: of the processor packages,
  whoever used them. *trained*: the parameters that the largest training changed, where that is told. *Pareto front*:
  no other row has as good an average for fewer seconds, or a better one for as many. Times are of the machine that
  made the results, and stages that ran beside each other slow each other down."""

PUBLISHED = """\
## Published by others

Numbers as their sources print them, on official test sets, from trainings and scorers that are not ours; *n/a*
where a source has none. They have no rank, no difference to a row above is tested, and nothing above depends on them.
A model may stand here several times: rows of different sources are not merged."""


def besides(board: Board, spent: bool) -> list[str]:
    """The legends of what a board has besides its tables; `spent` is whether it tells of costs."""
    found = [SUITE_LEGEND] * bool(board.summaries) + [CROSSED_LEGEND] * bool(board.matrices)
    return found + [TYPOLOGY_LEGEND] * bool(board.typologies) + [COST_LEGEND] * spent
