"""A training that is killed goes on to the bits of one that was not."""

from dataclasses import replace

import pytest
import torch
from xbench_encoders.checkpoints import Checkpoint
from xbench_encoders.errors import TrainingError
from xbench_encoders.training import TrainingContext, train

from tests.plugins.test_training import OPTIONS, Regression

torch.set_num_threads(1)  # bits are compared


class KilledError(Exception):
    """What stands for kill -9."""


def context(path, stop=None, every=3, settings=None):
    def on_step(step, steps, loss):
        if step == stop:
            raise KilledError

    checkpoint = Checkpoint(path, every, settings or {"seed": 5})
    return TrainingContext(seed=5, on_step=on_step, checkpoint=checkpoint)


@pytest.mark.parametrize("stop", [1, 3, 4, 8, 10])
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path, stop):
    whole, killed, resumed = (Regression(dropout=0.5) for _ in range(3))
    expected = train(whole, OPTIONS, TrainingContext(seed=5))
    with pytest.raises(KilledError):
        train(killed, OPTIONS, context(tmp_path / "c", stop))
    log = train(resumed, OPTIONS, context(tmp_path / "c"))
    assert torch.equal(resumed.state(), whole.state())
    assert log.losses == expected.losses
    behind = (stop - 1) // 3 * 3  # the kill came before the checkpoint of its own update
    assert len(resumed.calls) == len(whole.calls) - behind


def test_a_finished_training_is_not_repeated(tmp_path):
    first, second = Regression(), Regression()
    train(first, OPTIONS, context(tmp_path / "c", every=1))
    train(second, OPTIONS, context(tmp_path / "c", every=1))
    assert second.calls == []
    assert torch.equal(first.state(), second.state())


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    train(Regression(), OPTIONS, context(tmp_path / "c", every=1))
    with pytest.raises(ValueError, match="another training"):
        train(Regression(), OPTIONS, context(tmp_path / "c", settings={"seed": 6}))


def test_only_the_last_state_can_be_resumed(tmp_path):
    with pytest.raises(TrainingError, match="selection=average cannot be resumed; use last"):
        train(Regression(), replace(OPTIONS, selection="average"), context(tmp_path / "c"))
