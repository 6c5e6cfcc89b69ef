"""The plots of a page: intervals, cost against score, heat map. They name rows by their keys alone."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation

from xbench.canvas import POINTS, STEPS, figure, paint, svg
from xbench.markup import number, one_line
from xbench.statistics import Interval

_BRIGHT = 5  # the step from which on text is drawn in the paint `on`
_ROW, _COLUMN, _LABEL = 22, 46, 58  # pixels of a heat map
_DEEPEST = 20  # languages below each other; more make another block


@dataclass(frozen=True)
class Mark:
    """A row in a plot: the key it goes by, its score, and whether no other is better beyond chance."""

    key: str
    score: float
    interval: Interval | None
    first: bool


def whiskers(marks: Sequence[Mark], chance: Sequence[float], title: str) -> str:
    """Scores with their intervals, a row each, best above; a dashed line at each of `chance`."""
    high = 40 + 26 * len(marks)
    with figure((360, high), (28, 28, 52, 6)) as (drawn, axes):
        for at, mark in enumerate(marks):
            low, up = _ends(mark)
            ends = [[max(0.0, mark.score - low)], [max(0.0, up - mark.score)]]
            face = paint("accent" if mark.first else "card")
            style: dict[str, Any] = {"fmt": "o", "markersize": 8, "markerfacecolor": face, "capsize": 4}
            axes.errorbar([mark.score], [at], xerr=ends, color=paint("accent"), **style)
            right = axes.get_yaxis_transform()
            axes.text(1.03, at, number(mark.score), transform=right, va="center", color=paint("ink"))
        for score in chance:
            axes.axvline(score, color=paint("muted"), linestyle=(0, (4, 3)), linewidth=1)
        axes.set_yticks(range(len(marks)), [mark.key for mark in marks], weight="bold")
        axes.set_ylim(len(marks) - 0.5, -0.5)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(axis="x", color=paint("grid"))
        return svg(drawn, title)


def costs(marks: Sequence[Mark], values: Sequence[float], best: Sequence[bool], title: str) -> str:
    """Score over cost; the cost is drawn by its logarithm where the largest is ten times the smallest or more.

    Marks of the same cost stand beside each other. A line goes through those that none beats for less, `best`.
    """
    wide = 304  # pixels between the axes' ends
    room = min(14.0, 240 / len(marks))
    with figure((wide + 56, 240), (40, 28, 16, 18)) as (drawn, axes):
        for at, (mark, value) in enumerate(zip(marks, values, strict=True)):
            low, up = _ends(mark)
            aside = room * (values[:at].count(value) - (values.count(value) - 1) / 2)
            shift = ScaledTranslation(aside / POINTS, 0, drawn.dpi_scale_trans)
            style: dict[str, Any] = {"color": paint("accent"), "transform": axes.transData + shift}
            axes.plot([value, value], [low, up], linewidth=1.5, **style)
            face = paint("accent" if mark.first else "card")
            axes.plot([value], [mark.score], "o", markersize=8, markerfacecolor=face, **style)
            axes.annotate(mark.key, (value, up), (aside, 3), textcoords="offset points", ha="center",
                          color=paint("ink"), weight="bold")  # fmt: skip
            axes.update_datalim([(value, low), (value, up)])
        steps = sorted((value, mark.score) for value, mark, first in zip(values, marks, best, strict=True) if first)
        axes.step(*zip(*steps, strict=True), where="post", color=paint("muted"), linestyle=(0, (1, 2)), zorder=0)
        if 0 < 10 * min(values) <= max(values):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(5))
        beside = (8 + room * max(map(values.count, values)) / 2) / wide
        axes.margins(x=beside / (1 - 2 * beside), y=0.1)
        axes.autoscale_view()
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.grid(color=paint("grid"))
        return svg(drawn, title)


def _ends(mark: Mark) -> tuple[float, float]:
    """The ends of the interval, or the score twice."""
    return (mark.interval.lower, mark.interval.upper) if mark.interval else (mark.score, mark.score)


@dataclass(frozen=True)
class Heat:
    """Scores by language, each language with a number per key (None is n/a), then the keys' averages and gaps."""

    keys: Sequence[str]
    scores: Mapping[str, Sequence[float | None]]
    averages: Sequence[float | None]
    gaps: Sequence[float | None]

    def blocks(self, title: str) -> list[str]:
        """A language a row, a key a column; the last block has average and gap below."""
        scores = _span(chain.from_iterable(self.scores.values()))
        rows = [(at, values, "s", scores) for at, values in self.scores.items()]
        below = [("avg", self.averages, "s", scores), ("gap", self.gaps, "g", (0.0, scores[1] - scores[0]))]
        deep = math.ceil(len(rows) / math.ceil(len(rows) / _DEEPEST))
        parts = [rows[at : at + deep] for at in range(0, len(rows), deep)]
        parts[-1] += below
        return [self._block(part, f"{title}, {at} of {len(parts)}") for at, part in enumerate(parts, 1)]

    def _block(self, rows: Sequence[tuple[str, Sequence[float | None], str, tuple[float, float]]], title: str) -> str:
        size = (_LABEL + _COLUMN * len(self.keys), _ROW * (len(rows) + 1))
        with figure(size, (_LABEL, 0, 0, _ROW)) as (drawn, axes):
            axes.set(xlim=(0, len(self.keys)), ylim=(len(rows), 0))
            axes.spines["bottom"].set_visible(False)
            for at, (_, values, scale, span) in enumerate(rows):
                steps = [0 if value is None else _step(value, span) for value in values]
                faces = [paint("card" if value is None else f"{scale}{step}")
                         for value, step in zip(values, steps, strict=True)]  # fmt: skip
                cells = [(column, 1) for column in range(len(values))]
                axes.broken_barh(cells, (at, 1), facecolors=faces, edgecolor=paint("card"), linewidth=2)
                for column, (value, step) in enumerate(zip(values, steps, strict=True)):
                    ink = paint("on" if step >= _BRIGHT else "ink")
                    axes.text(column + 0.5, at + 0.5, number(value), ha="center", va="center", color=ink)
            axes.set_xticks([at + 0.5 for at in range(len(self.keys))], self.keys, weight="bold")
            axes.set_yticks([at + 0.5 for at in range(len(rows))], [one_line(name) for name, *_ in rows])
            axes.xaxis.tick_top()
            return svg(drawn, title)


def _span(values: Iterator[float | None] | Sequence[float | None]) -> tuple[float, float]:
    there = [value for value in values if value is not None] or [0.0]
    return min(there), max(there)


def _step(value: float, span: tuple[float, float]) -> int:
    low, high = span
    share = (value - low) / (high - low) if high > low else 0.0
    return min(STEPS - 1, max(0, int(share * STEPS)))
