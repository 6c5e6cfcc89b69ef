"""How far two predictions are apart, and which of them learns of it (Zheng et al. 2021)."""

import warnings

import pytest
import torch
from xbench_methods.consistency import disagreement, divergence


def scores(seed, rows=4, labels=3):
    made = torch.randn(rows, labels, generator=torch.Generator().manual_seed(seed))
    return made.requires_grad_()


def test_disagreement_of_a_thing_with_itself_is_nothing_and_asks_for_nothing():
    one = scores(0)
    other = one.detach().clone().requires_grad_()
    loss = disagreement(one, other)
    loss.backward()
    assert loss.item() == 0.0
    assert torch.allclose(one.grad, torch.zeros(4, 3), atol=1e-7)


def test_disagreement_is_symmetric_and_grows_from_nothing():
    one, other = scores(0), scores(1)
    assert disagreement(one, other).item() == pytest.approx(disagreement(other, one).item(), rel=1e-6)
    assert disagreement(one, other).item() > 0


def test_disagreement_is_the_sum_of_the_divergences_both_ways():
    one, other = scores(0), scores(1)
    p, q = torch.softmax(one, dim=-1), torch.softmax(other, dim=-1)
    both = (p * (p / q).log()).sum() + (q * (q / p).log()).sum()
    assert disagreement(one, other).item() == pytest.approx(both.item(), rel=1e-5)


def test_each_side_learns_once_and_from_the_other_as_it_stands():
    one, other = scores(0), scores(1)
    disagreement(one, other).backward()
    p, q = torch.softmax(one, dim=-1).detach(), torch.softmax(other, dim=-1).detach()
    assert torch.allclose(one.grad, p - q, atol=1e-6)
    assert torch.allclose(other.grad, q - p, atol=1e-6)


def test_the_gradient_of_a_divergence_stops_at_what_is_wanted():
    wanted, found = scores(0), scores(1)
    divergence(wanted, found).backward()
    assert wanted.grad is None
    assert found.grad.abs().sum() > 0


def test_the_authors_mean_over_labels_is_ours_over_their_number():
    wanted, found = scores(0), scores(1)
    logs = [torch.log_softmax(one, dim=-1).detach() for one in (found, wanted)]
    with warnings.catch_warnings(action="ignore"):  # torch warns of its own default
        theirs = torch.nn.functional.kl_div(*logs, reduction="mean", log_target=True)
    assert (divergence(wanted, found) / 4 / theirs).item() == pytest.approx(3.0, rel=1e-5)
