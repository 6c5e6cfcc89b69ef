"""Which rows go into which batch: rows of like length together, in an order drawn from the seed."""

from collections.abc import Sequence

import torch

POOL = 50  # batches sorted together: enough to remove most padding, few enough to keep batches random


def bucketed_batches(lengths: Sequence[int], batch_size: int, generator: torch.Generator) -> list[list[int]]:
    """One epoch of row indices in batches of `batch_size`, every row once; only the last batch may be smaller.

    Rows are shuffled, cut into pools of 50 batches, sorted by length within a pool, and the full batches are
    shuffled again, so that neither the order of lengths nor that of the file is seen by the optimiser.
    """
    order: list[int] = torch.randperm(len(lengths), generator=generator).tolist()
    pool = POOL * batch_size
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        rows = sorted(order[start : start + pool], key=lambda row: lengths[row])
        batches += [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
    shuffled: list[int] = torch.randperm(len(batches), generator=generator).tolist()
    return [batches[index] for index in shuffled]


def length_order(lengths: Sequence[int]) -> list[int]:
    """Row indices from longest to shortest, ties by index: the first batch shows at once whether memory suffices."""
    return sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
