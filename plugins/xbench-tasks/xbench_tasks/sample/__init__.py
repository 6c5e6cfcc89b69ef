"""Data written for xbench, so that a task can be tried without its official files. Not the official data."""

from xbench_tasks.sample.nli import LABELS, LANGUAGES, SPLITS, Pair, pairs

__all__ = ["LABELS", "LANGUAGES", "SPLITS", "Pair", "pairs"]
