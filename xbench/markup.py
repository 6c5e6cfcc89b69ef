"""Pieces of Markdown: text that shows what it says and does nothing else, numbers, tables."""

import re
from collections.abc import Iterable, Sequence
from math import floor, log10

from tabulate import tabulate

from xbench.standings import Estimate, Row, SuiteRow
from xbench.statistics import Interval

NONE = "n/a"
_ERRORS = 2 * 1.96  # standard errors between the ends of an interval
_WORD = re.compile(r"(\(?)([^\s`|]+?)([.,;:)]*)(?=[\s`|]|$)|[`|]")
_ACTIVE = re.compile(r"[\\*_~\[\]<>&@$]|:(?!$)|www|#\w", re.IGNORECASE)  # what Markdown or GitHub takes for more


def escape(text: str) -> str:
    """Text from data or plugins as one line of Markdown that shows what it says and does nothing else.

    A word that would do something stands in backticks: GitHub looks for mentions, emoji and mathematics after
    backslashes and entities are resolved, but nowhere in code.
    """
    return _WORD.sub(_shown, one_line(text))


def shortened(text: str, room: int = 60) -> str:
    """The text, cut to so many characters where it has more."""
    return text if len(text) <= room else f"{text[: room - 3]}..."


def code(text: str) -> str:
    """Text as code, one line as well; `escape` does it where a backtick or a pipe would end the code."""
    line = one_line(text)
    return f"`{line}`" if line and not {"`", "|"} & set(line) else escape(line)


def one_line(text: str) -> str:
    """The text on one line, of characters that can be printed."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _shown(word: re.Match[str]) -> str:
    before, inside, after = word.groups()
    if inside is None:
        return f"\\{word[0]}"
    return f"{before}`{inside}`{after}" if _ACTIVE.search(inside) else word[0]


def number(value: float | None, digits: int = 1) -> str:
    """A rounded number, or n/a."""
    return NONE if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: never -0.0


def decimals(found: Interval | None) -> int:
    """Digits after the point that an interval supports: 0 to 2, and 1 where there is none.

    The standard error has two digits where they are at most 35, else one (Particle Data Group, Review of Particle
    Physics, Introduction, Rounding); its last one is the last of the number.
    """
    error = (found.upper - found.lower) / _ERRORS if found else 0.0
    if error <= 0:
        return 1
    first = floor(log10(error))
    return min(max(int(error < 3.55 * 10.0**first) - first, 0), 2)


def between(estimate: Estimate, digits: int = 1) -> str:
    """The ends of an interval, or n/a."""
    found = estimate.interval
    return NONE if found is None else f"{number(found.lower, digits)} to {number(found.upper, digits)}"


def to_best(row: Row | SuiteRow, digits: int = 1) -> str:
    """How far a row is behind the best, whether that is a tie, or that it is the best."""
    if row.to_best.value is None:
        return "best" if row.rank else NONE
    found = difference(row.to_best, digits)
    return f"tie, {found}" if row.tie else found


def difference(estimate: Estimate, digits: int = 1) -> str:
    """A difference with its interval, whose end must not look like zero where it only rounds to it."""
    if estimate.interval is None:
        return number(estimate.value, digits)
    ends = between(estimate, digits)
    near = not estimate.interval.covers(0.0) and 0.0 in map(float, ends.split(" to "))
    return f"{number(estimate.value, digits)} ({between(estimate, 3) if near else ends})"


def grid(head: Sequence[str], lines: Sequence[Sequence[str]], left: Iterable[str]) -> str:
    """A table; the columns whose heads are `left` are aligned there, the others to the right."""
    return tabulate(
        lines,
        headers=head,
        tablefmt="pipe",
        disable_numparse=True,
        colalign=["left" if cell in left else "right" for cell in head],
    )
