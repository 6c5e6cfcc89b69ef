"""Data written for xbench, so that a task can be tried without its official files. Not the official data."""

from xbench_tasks.sample.nli import LABELS, SPLITS, Pair, pairs
from xbench_tasks.sample.sentences import LANGUAGES

__all__ = ["LABELS", "LANGUAGES", "SPLITS", "Pair", "pairs"]
