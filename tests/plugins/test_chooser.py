"""Choosing: what is learned of choices, however many a row has, and that the numbers hold."""

import random

import pyarrow as pa
import pytest
import torch
from xbench_methods.chooser import CrossEntropy, new, part
from xbench_methods.finetune import Finetune, FinetuneOptions

from tests.plugins import tiny
from xbench.contracts import Examples, Provenance, Split, TaskKind
from xbench.errors import ScopeError, StageError

FINETUNE = Finetune()
TASK = tiny.ToyTask(kind=TaskKind.MULTIPLE_CHOICE, labels=("0", "1", "2"))
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
LEARN = {"epochs": 20, "learning_rate": 3e-3, "batch_size": 16, "warmup": 0.1}


def rows(*told):
    """Inputs of multiple choice from pairs of a text and its choices."""
    texts, choices = [text for text, _ in told], [list(choices) for _, choices in told]
    return pa.table({"text": pa.array(texts, pa.string()), "choices": pa.array(choices, pa.list_(pa.string()))})


def chosen(language, count, seed=0):
    """Two or three choices a row, of which the one that holds a clue for red is right; the text tells nothing."""
    draw = random.Random(f"{language} {seed}")
    told, labels = [], []
    for _ in range(count):
        choices = [draw.choice(tiny.CLUES["red"]), *draw.sample(tiny.CLUES["green"] + tiny.CLUES["blue"], 2)]
        right, *wrong = choices[: draw.randint(2, 3)]
        label = draw.randrange(len(wrong) + 1)
        wrong.insert(label, right)
        spoken = [f"{tiny.spoken(draw.choice(tiny.FILLERS), language)} {tiny.spoken(one, language)}" for one in wrong]
        told.append((tiny.spoken(draw.choice(tiny.FILLERS), language), spoken))
        labels.append(str(label))
    of = Provenance("toy", "1", "train", "sample", count, f"{language}-{count}-{seed}")
    return Examples(rows(*told), pa.table({"label": labels}), of)


class Context(tiny.ToyContext):
    """Scores by the share of right choices, where the validation split was put in."""

    def score(self, predictions, language=None):
        gold = self.labelled(language or self.source, Split.VALIDATION).gold
        return 100 * right(predictions, gold)


def right(found, wanted):
    pairs = list(zip(found["label"].to_pylist(), wanted["label"].to_pylist(), strict=True))
    return sum(one == other for one, other in pairs) / len(pairs)


def context(*languages, validation=(), targets=(), seed=0, count=48):
    examples = {(language, Split.TRAIN): chosen(language, count) for language in languages or ("en",)}
    examples |= {(language, Split.VALIDATION): chosen(language, 30, seed=2) for language in validation}
    return Context(examples, targets=targets, seed=seed)


def fitted(options=None, given=None, encoder=None):
    encoder = encoder or tiny.encoder("en", "de")
    return FINETUNE.fit(encoder, TASK, FinetuneOptions(**(options or QUICK)), given or context())


@pytest.fixture(scope="module")
def learned():
    """A chooser that has learned the toy in English."""
    return fitted(LEARN, context(count=100))


def accuracy(predictor, language):
    test = chosen(language, 60, seed=1)
    return right(predictor.predict(test.inputs, language), test.gold)


def test_a_toy_is_learned_in_every_language_it_is_trained_on(learned):
    assert accuracy(learned, "en") > 0.9  # chance is below a half
    both = fitted(LEARN | {"on": "both"}, context("en", "de", targets=("de",), count=100), tiny.paired(en=1, de=2))
    assert min(accuracy(both, "en"), accuracy(both, "de")) > 0.9


def test_a_zero_shot_fit_reads_source_labels_and_nothing_else():
    given = context("en", "de", validation=("en", "de"), targets=("de",))
    fitted(given=given)
    assert given.read == [("en", "train")]
    with pytest.raises(ScopeError):
        fitted(QUICK | {"on": "target"}, context("en", targets=("de",)))


def test_a_row_has_as_many_scores_as_choices_and_the_label_is_the_place_of_the_highest(learned):
    told = [("today", ["rose"]), ("today", ["sky", "rose"]), ("today", ["sky", "sea", "leaf", "grass", "rose"])]
    found = learned.predict(rows(*told), "en")
    scores = found["scores"].to_pylist()
    assert [len(row) for row in scores] == [1, 2, 5]
    assert [sum(row) for row in scores] == pytest.approx([1, 1, 1], abs=1e-6)
    assert found["label"].to_pylist() == [str(row.index(max(row))) for row in scores] == ["0", "1", "4"]


def test_the_first_is_chosen_in_a_tie():
    predictor = fitted()
    torch.nn.init.zeros_(predictor.head.output.weight)
    found = predictor.predict(rows(("today", ["sky", "the rose"]), ("the", ["sea"] * 3)), "en")
    assert found.to_pydict() == {"label": ["0", "0"], "scores": [[0.5, 0.5], [pytest.approx(1 / 3)] * 3]}


def test_the_order_of_choices_changes_nothing_but_places(learned):
    one, other = (
        learned.predict(rows(("today", choices)), "en")["scores"].to_pylist()[0]
        for choices in (["sky", "rose", "seven leaf"], ["seven leaf", "sky", "rose"])
    )
    assert one == pytest.approx([*other[1:], other[0]], abs=1e-6)


def test_rows_are_predicted_in_the_order_they_were_given_and_alone_as_together(learned):
    test = chosen("en", 150, seed=3).inputs
    whole = learned.predict(test, "en").to_pylist()
    for row in (0, 70, 149):
        (alone,) = learned.predict(test.slice(row, 1), "en").to_pylist()
        assert whole[row]["label"] == alone["label"]
        assert whole[row]["scores"] == pytest.approx(alone["scores"], abs=1e-6)


def test_no_inputs_give_no_predictions_and_a_row_without_choices_is_an_error():
    predictor = fitted()
    assert predictor.predict(rows(), "en").schema.types == [pa.string(), pa.list_(pa.float32())]
    with pytest.raises(StageError, match="row 1 in en has no choices"):
        predictor.predict(rows(("today", ["sky"]), ("today", [])), "en")


def test_the_loss_is_the_cross_entropy_of_each_row_among_its_own_choices():
    chooser = new(tiny.encoder(), TASK, FinetuneOptions(), (), seed=0)
    given = context(count=12)
    objective = CrossEntropy(chooser, [part(chooser, given.labelled("en"), "en")])
    gold = [int(label) for label in given.examples["en", Split.TRAIN].gold["label"].to_pylist()]
    chances = chooser.predict(given.examples["en", Split.TRAIN].inputs, "en")["scores"].to_pylist()
    wanted = [-torch.tensor(row[at]).log().item() for row, at in zip(chances, gold, strict=True)]
    assert len({len(row) for row in chances}) == 2, "rows of two and of three choices"
    with torch.no_grad():
        whole = float(objective.loss(range(12), 0.0))
        parts = [float(objective.loss(rows, 0.0)) * len(rows) / 12 for rows in (range(5), range(5, 12))]
    assert [whole, sum(parts)] == pytest.approx([sum(wanted) / 12] * 2, abs=1e-5)


def test_the_same_cell_gives_the_same_weights_to_the_bit_and_another_seed_another():
    first, again, other = (tiny.weights(fitted(given=context(seed=seed)).encoder) for seed in (1, 1, 2))
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


@pytest.mark.parametrize("pooling", ["auto", "cls"])
def test_a_chooser_read_back_predicts_the_same(tmp_path, pooling):
    options = QUICK | {"pooling": pooling}
    predictor = fitted(options)
    predictor.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors"}
    again = FINETUNE.load(tiny.encoder("en", "de", seed=9), TASK, FinetuneOptions(**options), tmp_path)
    test = chosen("de", 40, seed=1).inputs
    assert again.predict(test, "de").equals(predictor.predict(test, "de"))


def test_weights_of_another_head_do_not_fit(tmp_path):
    fitted().save(tmp_path)
    with pytest.raises(StageError, match="the weights do not fit"):
        FINETUNE.load(tiny.encoder("en", "de"), TASK, FinetuneOptions(pooling="mean"), tmp_path)


def test_selection_on_source_dev_keeps_the_checkpoint_that_the_core_scores_best():
    given = context(validation=("en",))
    predictor = fitted(LEARN | {"selection": "source-dev", "epochs": 5}, given)
    assert given.read[:2] == [("en", "train"), ("en", "validation")]
    log = given.logged["training"]
    assert len(log["validation"]) == 5
    reached = given.score(predictor.predict(chosen("en", 30, seed=2).inputs, "en"))
    assert reached == pytest.approx(max(log["validation"]))


def test_labels_that_are_learned_first_are_learned_by_the_same_head_before_the_tasks_own():
    few = context(count=3)
    few.first = chosen("en", 100, seed=5)
    alone, prepared = fitted(LEARN | {"epochs": 1}, context(count=3)), fitted(LEARN | {"epochs": 1}, few)
    assert accuracy(prepared, "en") > accuracy(alone, "en")
    assert {"preparation", "training"} <= set(few.logged)
    assert few.logged["preparation"]["steps"] > few.logged["training"]["steps"]
    again = context(count=3)
    again.first = few.first
    assert tiny.same(tiny.weights(fitted(LEARN | {"epochs": 1}, again).encoder), tiny.weights(prepared.encoder))


def test_a_fit_on_target_labels_alone_has_nothing_to_learn_first():
    given = context("de", targets=("de",))
    given.first = chosen("en", 10)
    fitted(QUICK | {"on": "target"}, given)
    assert "preparation" not in given.logged
