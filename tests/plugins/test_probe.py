"""The linear probe: what it learns, that the encoder stays as it was, and that the solution is one."""

import pytest
import torch
from safetensors.torch import load_file
from xbench_methods.learning import HEAD
from xbench_methods.probe import Probe, ProbeOptions
from xbench_methods.probing import regression

from tests.plugins import test_tagger as tags
from tests.plugins import tiny
from xbench.contracts import Examples, Provenance, Scope, Split
from xbench.errors import ScopeError, StageError

PROBE = Probe()
OPTIONS = ProbeOptions(cost=1.0)


def context(rows=60, seed=0, language="en"):
    return tiny.ToyContext({(language, Split.TRAIN): tiny.coloured(language, rows)}, seed=seed)


def accuracy(predictor, language, rows=60):
    test = tiny.coloured(language, rows, seed=1)
    found = predictor.predict(test.inputs, language)["label"].to_pylist()
    return sum(a == b for a, b in zip(found, test.gold["label"].to_pylist(), strict=True)) / rows


def test_a_probe_learns_and_leaves_the_encoder_alone():
    encoder = tiny.encoder("en")
    before = tiny.weights(encoder)
    probe = PROBE.fit(encoder, tiny.ToyTask(), OPTIONS, context())
    assert accuracy(probe, "en") > 0.6  # three colours
    assert tiny.same(before, tiny.weights(encoder))


def test_no_seed_changes_a_probe():
    first, second = (PROBE.fit(tiny.encoder("en"), tiny.ToyTask(), OPTIONS, context(seed=s)) for s in (0, 1))
    assert torch.equal(first.head.output.weight, second.head.output.weight)


def test_it_is_kept_without_the_encoder_and_read_back(tmp_path):
    probe = PROBE.fit(tiny.encoder("en"), tiny.ToyTask(), OPTIONS, context())
    probe.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [HEAD]
    back = PROBE.load(tiny.encoder("en"), tiny.ToyTask(), OPTIONS, tmp_path)
    inputs = tiny.coloured("en", 20, seed=2).inputs
    assert back.predict(inputs, "en").equals(probe.predict(inputs, "en"))


def test_a_head_of_another_task_is_refused(tmp_path):
    PROBE.fit(tiny.encoder("en"), tiny.ToyTask(), OPTIONS, context()).save(tmp_path)
    with pytest.raises(StageError, match="do not fit"):
        PROBE.load(tiny.encoder("en"), tiny.ToyTask(labels=("red", "blue")), OPTIONS, tmp_path)


def test_pairs_are_compared():
    texts = tiny.coloured("en", 40).inputs["text"].to_pylist()
    gold = tiny.coloured("en", 40).gold
    of = Provenance("toy", "1", "train", "sample", 40, "pairs")
    given = tiny.ToyContext({("en", Split.TRAIN): Examples(tiny.table(texts, texts[::-1]), gold, of)})
    probe = PROBE.fit(tiny.encoder("en"), tiny.ToyTask(), OPTIONS, given)
    assert probe.head.pooling == "compare"
    assert probe.head.output.in_features == 4 * probe.encoder.dimension


def test_tags_are_read_from_first_sub_words(tmp_path):
    probe = PROBE.fit(tiny.encoder("en"), tags.TASK, OPTIONS, tags.context())
    assert tags.accuracy(probe, "en") > 0.9  # most words have no colour: `none` alone is right for less
    commonest = [["none"] * len(row) for row in tags.tagged("en", 60, 1).inputs["tokens"].to_pylist()]
    assert tags.accuracy(probe, "en") > tags.right(commonest, tags.tagged("en", 60, 1).gold["tags"].to_pylist())
    probe.save(tmp_path)
    back = PROBE.load(tiny.encoder("en"), tags.TASK, OPTIONS, tmp_path)
    inputs = tags.tagged("en", 20, seed=3).inputs
    assert back.predict(inputs, "en").equals(probe.predict(inputs, "en"))
    assert list(load_file(tmp_path / HEAD)) == ["output.bias", "output.weight"]


def test_it_cannot_read_a_target():
    with pytest.raises(ScopeError):
        PROBE.fit(tiny.encoder("en", "de"), tiny.ToyTask(), OPTIONS, context(language="de"))
    assert PROBE.scope(OPTIONS) is Scope.SOURCE


@pytest.mark.parametrize("cost", [0.003, 0.3, 30.0])
def test_the_gradient_of_the_regression_is_zero(cost):
    draw = torch.Generator().manual_seed(3)
    x, gold = torch.randn(50, 4, generator=draw), torch.randint(3, (50,), generator=draw)
    weight, bias = regression(x, gold, 3, cost)
    wrong = torch.softmax(x @ weight.T + bias, dim=-1) - torch.nn.functional.one_hot(gold, 3)
    assert torch.allclose(cost * wrong.T @ x + weight, torch.zeros(3, 4), atol=1e-3 * cost * 50)
    assert torch.allclose(wrong.sum(0), torch.zeros(3), atol=5e-2)


def test_a_label_that_never_occurs_is_never_predicted():
    draw = torch.Generator().manual_seed(3)
    x, gold = torch.randn(50, 4, generator=draw), torch.randint(2, (50,), generator=draw)
    weight, bias = regression(x, gold, 3, 1.0)
    assert int((x @ weight.T + bias).argmax(-1).max()) < 2


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="cost must be above 0"):
        ProbeOptions(cost=0.0)
