"""A diff as Markdown, to read. No date, time or machine of ours: the same results, the same bytes."""

from collections.abc import Iterable, Sequence

from xbench.changes import Change
from xbench.diff import Contrast, Diff, Line
from xbench.flips import Flip
from xbench.markup import NONE, between, code, decimals, escape, grid, number, shortened
from xbench.notes import seeded
from xbench.statistics import DRAWS

LEGEND = f"""\
### How to read this

- *B - A* and *95 %*: difference of the scores, and its interval by paired bootstrap, {DRAWS} draws of the same
  examples for both, widened for few seeds. *p*: how probable a difference at least as large is where there is none;
  *Holm*: p corrected for the number of languages, so that a single false one is below 0.05 at most one time in
  twenty. The average is one test, and needs no correction.
- *lost*: examples that A alone has right, *won*: those that B alone has, counted for each seed. Right is what has
  all of the metric that an example can have."""
_LONGEST = 300  # characters of a text of an example


def to_markdown(made: Diff) -> str:
    """Per task: who is compared, the verdict, the scores, what differs in how they came about, and flips if read."""
    parts = [part for one in made.contrasts for part in _section(one)]
    return "\n\n".join([*parts, *_listed(made.notes), LEGEND]) + "\n"


def _section(one: Contrast) -> Iterable[str]:
    yield f"## {escape(one.task)} (source {escape(one.source)})"
    sides = zip("AB", (one.a, one.b), one.seeds, strict=True)
    yield "\n".join(f"- {side}: {code(name[0])} {code(name[1])}, {seeded(seeds)}" for side, name, seeds in sides)
    yield _verdict(one)
    head = ["language", "n", "A", "B", "B - A", "95 %", "p", "Holm", "lost", "won"]
    average = [_cells(f"average of {len(one.over)}", one.average)] if one.average else []
    yield grid(head, [*average, *(_cells(escape(line.language), line) for line in one.lines)], {"language"})
    yield from _listed(one.notes)
    yield "### What changed from A to B"
    yield _changes(one.changes)
    if one.flips:
        yield "### Examples that only one side has right"
        yield _flips(one.flips)


def _verdict(one: Contrast) -> str:
    """One sentence, which claims no more than the interval does."""
    average = one.average
    if average is None or average.difference.value is None:
        return "Nothing of the two can be compared."
    found, value = average.difference, average.difference.value
    over = f"On average over {len(one.over)} languages" if len(one.over) > 1 else f"In {escape(one.over[0])}"
    apart = f"{over} ({escape(one.dataset.metric)}), B minus A is {_apart(average)}"
    if found.interval is None:
        return f"{apart}; there are no scores per example to say how sure that is."
    how = f"{apart} (95 %: {_ends(average)}; p {_p(average.p)})"
    if found.interval.covers(0.0):
        least = number(average.detectable, decimals(found.interval))
        could = f"a true difference of {least} they would tell four times out of five"
        return f"{how}: these results do not tell the two apart; {could}."
    return f"{how}: {'B' if (value > 0) == one.dataset.higher_is_better else 'A'} is better."


def _cells(name: str, line: Line) -> list[str]:
    flips = [NONE if count is None else f"{count:,}" for count in (line.lost, line.won)]
    scores = [number(line.a), number(line.b), _apart(line)]
    return [name, f"{line.n:,}", *scores, _ends(line), _p(line.p), _p(line.holm), *flips]


def _ends(line: Line) -> str:
    """The ends of the interval; one that rounds to zero must not look as if it were zero."""
    found = line.difference.interval
    if found is None:
        return NONE
    ends = between(line.difference, decimals(found))
    near = not found.covers(0.0) and 0.0 in map(float, ends.split(" to "))
    return between(line.difference, 3) if near else ends


def _apart(line: Line) -> str:
    return number(line.difference.value, decimals(line.difference.interval))


def _p(value: float | None) -> str:
    return NONE if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _changes(found: Sequence[Change]) -> str:
    if not found:
        return "Nothing that the results tell of themselves."
    lines = [[change.part, escape(change.what), code(change.a), code(change.b)] for change in found]
    return grid(["part", "what", "A", "B"], lines, {"part", "what", "A", "B"})


def _flips(found: Sequence[Flip]) -> str:
    lines = [
        [
            escape(flip.language),
            str(flip.row),
            ", ".join(map(str, dict.fromkeys(flip.seeds))),
            "won" if flip.won else "lost",
            *(escape(shortened(text, _LONGEST)) for text in (flip.text, flip.gold)),
            *(NONE if text is None else escape(shortened(text, _LONGEST)) for text in (flip.a, flip.b)),
        ]
        for flip in found
    ]
    left = {"language", "flip", "text", "gold", "A", "B"}
    return grid(["language", "row", "seed", "flip", "text", "gold", "A", "B"], lines, left)


def _listed(notes: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {escape(note)}" for note in notes)] if notes else []
