"""Pieces of Markdown: text that shows what it says and does nothing else, numbers, tables."""

import re
from collections.abc import Iterable, Sequence

from tabulate import tabulate

from xbench.standings import Estimate, Row, SuiteRow

NONE = "n/a"
_WORD = re.compile(r"(\(?)([^\s`|]+?)([.,;:)]*)(?=[\s`|]|$)|[`|]")
_ACTIVE = re.compile(r"[\\*_~\[\]<>&@$]|:(?!$)|www|#\w", re.IGNORECASE)  # what Markdown or GitHub takes for more


def escape(text: str) -> str:
    """Text from data or plugins as one line of Markdown that shows what it says and does nothing else.

    A word that would do something stands in backticks: GitHub looks for mentions, emoji and mathematics after
    backslashes and entities are resolved, but nowhere in code.
    """
    return _WORD.sub(_shown, one_line(text))


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


def between(estimate: Estimate, digits: int = 1) -> str:
    """The ends of an interval, or n/a."""
    found = estimate.interval
    return NONE if found is None else f"{number(found.lower, digits)} to {number(found.upper, digits)}"


def to_best(row: Row | SuiteRow) -> str:
    """How far a row is behind the best, whether that is a tie, or that it is the best."""
    if row.to_best.value is None:
        return "best" if row.rank else NONE
    found = number(row.to_best.value)
    if row.to_best.interval is not None:  # an end that rounds to zero must not look as if it were zero
        near = not row.tie and "0.0" in between(row.to_best).split(" to ")
        found += f" ({between(row.to_best, 3 if near else 1)})"
    return f"tie, {found}" if row.tie else found


def grid(head: Sequence[str], lines: Sequence[Sequence[str]], left: Iterable[str]) -> str:
    """A table; the columns whose heads are `left` are aligned there, the others to the right."""
    return tabulate(
        lines,
        headers=head,
        tablefmt="pipe",
        disable_numparse=True,
        colalign=["left" if cell in left else "right" for cell in head],
    )
