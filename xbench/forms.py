"""The forms in which a board is written: `FORMS` is all that `xbench leaderboard --format` knows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xbench.cell import Result
    from xbench.standings import Board
    from xbench.suite import Suite


@dataclass(frozen=True)
class Made:
    """A board, and the results and the suite that it is made of."""

    board: "Board"
    results: "Sequence[Result]"
    suite: "Suite | None" = None

    @property
    def title(self) -> str:
        """The suite's title, empty without a suite."""
        return self.suite.title if self.suite else ""


def _markdown(made: Made) -> str:
    from xbench.markdown import to_markdown

    return to_markdown(made.board)


def _html(made: Made) -> str:
    from xbench.page import to_html

    return to_html(made.board, made.results, made.title)


def _csv(made: Made) -> str:
    from xbench.render import to_csv

    return to_csv(made.board)


def _json(made: Made) -> str:
    from xbench.render import to_json

    return to_json(made.board)


def _latex(made: Made) -> str:
    from xbench.latex import to_latex

    return to_latex(made.board)


def _model_index(made: Made) -> str:
    from xbench.cards import to_model_index
    from xbench.registry import load_registry

    return to_model_index(made.board, load_registry())


def _eval_results(made: Made) -> str:
    from xbench.cards import to_eval_results

    return to_eval_results(made.board)


def _every_eval(made: Made) -> str:
    from xbench.every_eval import to_every_eval

    return to_every_eval(made.board, made.results, made.title)


def _bibtex(made: Made) -> str:
    from xbench.bibliography import to_bibtex
    from xbench.registry import load_registry

    return to_bibtex(made.results, made.suite, load_registry())


@dataclass(frozen=True)
class Extras:
    """What a board has besides its tables, where that is asked for.

    `published` numbers, `readings` of the encoders, typology from the folder that holds URIEL (see `uriel`), and what
    rows cost, `spent`; `baseline` is the recipe that rows are compared with.
    """

    published: bool = False
    readings: bool = False
    baseline: str = ""
    typology: Path | None = None
    spent: bool = False


PLAIN = Extras()

FORMS: Mapping[str, Callable[[Made], str]] = {
    "markdown": _markdown,
    "html": _html,
    "csv": _csv,
    "json": _json,
    "latex": _latex,
    "model-index": _model_index,
    "eval-results": _eval_results,
    "every-eval-ever": _every_eval,
    "bibtex": _bibtex,
}
