"""Which rows go into which batch: rows of like length together, in an order drawn from the seed; and other draws."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

POOL = 50  # batches sorted together: enough to remove most padding, few enough to keep batches random


@contextmanager
def drawn_from(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Whatever torch draws inside, on the CPU and on this device, comes from the seed, and what is outside goes on."""
    with torch.random.fork_rng(devices=[device] if device is not None and device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


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


def batches_by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """All row indices once, from longest to shortest: the first batch shows at once whether memory suffices."""
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def endless(size: int, generator: torch.Generator) -> Iterator[int]:
    """Row indices without end, in ever new orders: each row once before any of them again."""
    while True:
        yield from torch.randperm(size, generator=generator).tolist()
