"""Tables of texts that Markdown and the page print alike."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from xbench.markup import decimals, escape, grid
from xbench.statistics import Interval

WIDEST = 16  # languages beside each other; more stand below each other in a table of their own


@dataclass(frozen=True)
class Sheet:
    """A table with its title and heads; `marked` are line and column of what stands out, `remarks` stand below.

    The columns whose heads are `left` are aligned there, the others to the right.
    """

    title: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    left: tuple[str, ...] = ()
    marked: frozenset[tuple[int, int]] = frozenset()
    remarks: tuple[str, ...] = ()

    def turned(self, corner: str) -> "Sheet":
        """The sheet with its columns as lines; `corner` is the head of the first column then."""
        first, *others = zip(self.head, *self.lines, strict=True)
        marked = frozenset((column - 1, line + 1) for line, column in self.marked)
        return replace(self, head=(corner, *first[1:]), lines=tuple(others), left=(corner,), marked=marked)


@dataclass(frozen=True)
class Chapter:
    """Sheets about one `task`, of the data that `about` says, under a title."""

    title: str
    task: str
    about: str
    sheets: tuple[Sheet, ...]


def to_markdown(chapter: Chapter) -> str:
    """A section with a table for each sheet; what is marked is in italics."""
    parts = [f"## {escape(chapter.title)}", escape(chapter.about)]
    for sheet in chapter.sheets:
        lines = [
            [f"*{escape(text)}*" if (at, column) in sheet.marked else escape(text) for column, text in enumerate(line)]
            for at, line in enumerate(sheet.lines)
        ]
        left = [escape(head) for head in sheet.left]
        parts += [f"### {escape(sheet.title)}", grid([escape(head) for head in sheet.head], lines, left)]
        parts += ["\n".join(f"- {escape(remark)}" for remark in sheet.remarks)] * bool(sheet.remarks)
    return "\n\n".join(filter(None, parts))


def common_decimals(intervals: Iterable[Interval | None]) -> int:
    """Digits that the mean of the intervals supports: numbers beside each other have the same."""
    widths = [found.upper - found.lower for found in intervals if found]
    return decimals(Interval(0.0, sum(widths) / len(widths)) if widths else None)
