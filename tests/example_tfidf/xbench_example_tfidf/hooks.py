"""What this plugin adds: a model with an encoder of a type of its own, and a method that takes such encoders."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Method, Model
from xbench_example_tfidf.counts import CharCounts
from xbench_example_tfidf.tfidf import TfIdf

XBENCH_CONTRACT = 2  # what this was written for


@hookimpl
def xbench_models() -> Iterable[Model]:
    """One model: char-counts."""
    return [CharCounts()]


@hookimpl
def xbench_methods() -> Iterable[Method]:
    """One method: tfidf."""
    return [TfIdf()]
