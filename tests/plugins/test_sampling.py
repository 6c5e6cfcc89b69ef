"""Which rows go into which batch."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from xbench_encoders.sampling import POOL, batches_by_length, bucketed_batches

LENGTHS = st.lists(st.integers(1, 200), min_size=1, max_size=700)
SIZES = st.integers(1, 40)
SEEDS = st.integers(0, 2**31)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def padding(lengths, batches):
    return sum(
        max(lengths[row] for row in batch) * len(batch) - sum(lengths[row] for row in batch) for batch in batches
    )


@settings(deadline=None, max_examples=60)
@given(LENGTHS, SIZES, SEEDS)
def test_an_epoch_holds_every_row_exactly_once(lengths, size, seed):
    batches = bucketed_batches(lengths, size, seeded(seed))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))


@settings(deadline=None, max_examples=60)
@given(LENGTHS, SIZES, SEEDS)
def test_every_batch_is_full_but_one_at_most(lengths, size, seed):
    sizes = [len(batch) for batch in bucketed_batches(lengths, size, seeded(seed))]
    full, rest = divmod(len(lengths), size)
    assert sorted(sizes) == sorted([size] * full + [rest] * (rest > 0))


@settings(deadline=None, max_examples=60)
@given(LENGTHS, SIZES, SEEDS)
def test_batches_are_decided_by_the_generator(lengths, size, seed):
    first = bucketed_batches(lengths, size, seeded(seed))
    assert first == bucketed_batches(lengths, size, seeded(seed))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 200), min_size=100, max_size=700), st.integers(2, 20), SEEDS)
def test_rows_of_like_length_stand_together(lengths, size, seed):
    order = torch.randperm(len(lengths), generator=seeded(seed)).tolist()
    plain = [order[at : at + size] for at in range(0, len(order), size)]
    bucketed = bucketed_batches(lengths, size, seeded(seed))
    assert padding(lengths, bucketed) <= padding(lengths, plain)


def test_bucketing_removes_most_padding():
    lengths = [1 + row * 37 % 128 for row in range(3200)]
    order = torch.randperm(len(lengths), generator=seeded(0)).tolist()
    plain = [order[at : at + 32] for at in range(0, len(order), 32)]
    assert padding(lengths, bucketed_batches(lengths, 32, seeded(0))) < 0.1 * padding(lengths, plain)


def test_one_epoch_differs_from_the_next_and_from_that_of_another_seed():
    generator, lengths = seeded(0), [5] * 300
    first, second = (bucketed_batches(lengths, 8, generator) for _ in range(2))
    assert first != second
    assert first != bucketed_batches(lengths, 8, seeded(1))


def test_the_order_of_lengths_is_not_that_of_the_batches():
    lengths = list(range(POOL * 4))
    longest = [max(batch) for batch in bucketed_batches(lengths, 4, seeded(0))]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9), max_size=60))
def test_predictions_go_from_the_longest_row_to_the_shortest_and_ties_by_row(lengths):
    batches = batches_by_length(lengths, 7)
    order = [row for rows in batches for row in rows]
    assert all(len(rows) == 7 for rows in batches[:-1])
    assert sorted(order) == list(range(len(lengths)))
    assert [(-lengths[row], row) for row in order] == sorted((-length, row) for row, length in enumerate(lengths))
