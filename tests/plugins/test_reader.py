"""Reading: which answers are found and given, what is learned, and that the numbers hold."""

import math
import random

import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file
from xbench_aligners.adversarial import Adversarial, AdversarialOptions
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.learning import HEAD
from xbench_methods.probe import Probe
from xbench_methods.reader import CrossEntropy, candidates, labelled_passages, new

from tests.plugins import tiny
from xbench.contracts import Examples, Provenance, Split, TaskKind
from xbench.errors import ScopeError, StageError

FINETUNE = Finetune()
TASK = tiny.ToyTask(kind=TaskKind.EXTRACTIVE_QA, labels=())
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16, "max_length": 64}
LEARN = QUICK | {"epochs": 30, "learning_rate": 3e-3, "warmup": 0.1}


def asked(language, rows, seed=0):
    """Which word of the context has the colour of the one that is asked for? Two others have another colour."""
    draw = random.Random(f"{language} {seed}")
    questions, contexts, answers = [], [], []
    for _ in range(rows):
        label, *others = draw.sample(tiny.LABELS, 3)
        clue, answer = draw.sample(tiny.CLUES[label], 2)
        words = [answer, *(draw.choice(tiny.CLUES[other]) for other in others), *draw.sample(tiny.FILLERS, 4)]
        draw.shuffle(words)
        for column, text in ((questions, [clue]), (contexts, words), (answers, [answer])):
            column.append(" ".join(tiny.spoken(word, language) for word in text))
    starts = [f" {context} ".index(f" {answer} ") for context, answer in zip(contexts, answers, strict=True)]
    gold = pa.table({"answers": [[one] for one in answers], "starts": [[one] for one in starts]})
    of = Provenance("toy", "1", "train", "sample", rows, f"{language}-{rows}-{seed}")
    return Examples(inputs(zip(questions, contexts, strict=True)), gold, of)


def inputs(pairs):
    pairs = list(pairs)
    columns = {"id": [str(row) for row in range(len(pairs))], "question": [one for one, _ in pairs]}
    columns["context"] = [other for _, other in pairs]
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


class Context(tiny.ToyContext):
    """Scores by exact match, where the validation split was put in."""

    def score(self, predictions, language=None):
        return 100 * right(predictions, self.labelled(language or self.source, Split.VALIDATION).gold)


def right(predictions, gold):
    pairs = zip(predictions["answer"].to_pylist(), gold["answers"].to_pylist(), strict=True)
    return sum(answer in answers for answer, answers in pairs) / len(gold)


def context(*languages, validation=(), targets=(), seed=0, rows=48):
    examples = {(language, Split.TRAIN): asked(language, rows) for language in languages or ("en",)}
    examples |= {(language, Split.VALIDATION): asked(language, 30, seed=2) for language in validation}
    return Context(examples, targets=targets, seed=seed)


def fitted(options=None, given=None, encoder=None):
    encoder = encoder or tiny.encoder("en", "de")
    return FINETUNE.fit(encoder, TASK, FinetuneOptions(**(options or QUICK)), given or context())


def accuracy(predictor, language, seed=1):
    test = asked(language, 90, seed)
    return right(predictor.predict(test.inputs, language), test.gold)


@pytest.fixture(scope="module")
def learned():
    """A reader of the toy in English."""
    return fitted(LEARN, context(rows=300))


def test_a_toy_is_learned_in_every_language_it_is_trained_on(learned):
    assert accuracy(learned, "en") > 0.8, "1 of 7 words is right, 1 of the 3 that name a colour"
    both = fitted(LEARN | {"on": "both"}, context("en", "de", targets=("de",), rows=300), tiny.paired(en=1, de=2))
    assert min(accuracy(both, "en"), accuracy(both, "de")) > 0.6


def test_a_zero_shot_fit_reads_source_labels_and_nothing_else():
    given = context("en", "de", validation=("en", "de"), targets=("de",))
    fitted(given=given)
    assert given.read == [("en", "train")]
    with pytest.raises(ScopeError):
        fitted(QUICK | {"on": "target"}, context("en", targets=("de",)))


def test_what_is_learned_is_found_in_any_row_of_a_long_context(learned):
    short = FinetuneOptions(**LEARN | {"max_length": 14, "stride": 4})
    reader = type(learned)(learned.encoder, learned.head, short)
    test = asked("en", 60, seed=4)
    pairs = zip(test.inputs["question"].to_pylist(), test.inputs["context"].to_pylist(), strict=True)
    long = inputs((question, f"{'the walks ' * 6}{told} {'slowly stones ' * 6}") for question, told in pairs)
    assert len(reader.passages(long, "en").stretches) > 5 * len(long)
    assert right(reader.predict(long, "en"), test.gold) > 0.6


def test_every_question_gets_an_answer_of_its_context_as_it_stands_there():
    odd = ["The  SKY\u00a0Sea", "x" * 90, "İ", "\u200b sky \u200b", "一 sky", "sky " * 300]
    options = QUICK | {"max_length": 12, "stride": 300, "answer_length": 3}
    found = fitted(options).predict(inputs(("sea", told) for told in odd), "en")["answer"].to_pylist()
    for answer, told in zip(found, odd, strict=True):
        assert answer
        assert answer in told
        assert answer == answer.strip()


def test_a_context_of_nothing_has_no_answer_and_no_questions_no_rows():
    assert fitted().predict(inputs([("sea", "\u200b"), ("sea", " ")]), "en")["answer"].to_pylist() == ["", ""]
    assert len(fitted().predict(inputs([]), "en")) == 0


def answers(starts, ends, **options):
    found = candidates(torch.tensor(starts), torch.tensor(ends), FinetuneOptions(**options))
    return [(round(score, 3), first, last) for score, first, last in found]


def test_candidates_are_pairs_of_the_likeliest_starts_and_ends_best_first():
    found = answers([3.0, 0.0, 1.0], [0.0, 2.0, 1.0], n_best=2)
    assert found[:3] == [(5.0, 0, 1), (4.0, 0, 2), (2.0, 2, 2)]
    assert found[3:] == [(3.0, 0, 0), (2.0, 1, 1), (2.0, 2, 2)], "single tokens, last"
    assert answers([3.0, 0.0, 1.0], [0.0, 2.0, 1.0], n_best=1)[0] == (5.0, 0, 1)


def test_candidates_are_no_longer_than_allowed_and_never_run_backwards():
    found = answers([9.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 9.0], answer_length=3)
    assert found[0] == (11.0, 0, 2)
    assert all(0 <= last - first < 3 for _, first, last in found)
    assert answers([0.0, 9.0], [9.0, 0.0], n_best=1) == [(9.0, 0, 0), (9.0, 1, 1)], "no pair fits"
    assert answers([], []) == []


def test_ties_are_decided_by_place():
    assert [(first, last) for _, first, last in answers([0.0] * 3, [0.0] * 3)][:6] == [
        (0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2),
    ]  # fmt: skip


def test_candidates_agree_with_a_search_of_all_spans():
    draw = torch.Generator().manual_seed(0)
    for tokens in (1, 2, 7, 40):
        starts, ends = torch.randn(2, tokens, generator=draw)
        spans = [(float(starts[a] + ends[b]), a, b) for a in range(tokens) for b in range(a, min(tokens, a + 5))]
        best = next(candidates(starts, ends, FinetuneOptions(n_best=40, answer_length=5)))
        assert best == max(spans)


def test_rows_are_answered_in_the_order_they_were_given_and_alone_as_together(learned):
    test = asked("en", 150, seed=3).inputs
    whole = learned.predict(test, "en")["answer"].to_pylist()
    alone = [learned.predict(test.slice(row, 1), "en")["answer"].to_pylist()[0] for row in (0, 70, 149)]
    assert [whole[row] for row in (0, 70, 149)] == alone
    assert learned.predict(test, "en")["answer"].to_pylist() == whole


def labelled(gold, told, **options):
    reader = new(tiny.encoder(), TASK, FinetuneOptions(**options), (), seed=0)
    of = Provenance("toy", "1", "train", "sample", len(told), "f")
    return reader, labelled_passages(reader, Examples(inputs(("sky", one) for one in told), pa.table(gold), of), "en")


def test_rows_without_the_answer_point_at_the_first_token():
    told = "the house walks slowly under seven stones today"
    gold = {"answers": [["seven stones"]], "starts": [[told.index("seven")]]}
    _, part = labelled(gold, [told], max_length=10, stride=2)
    assert part.places == [(0, 0), (6, 7)]


def test_the_first_of_several_answers_is_learned_where_it_is_said_to_stand():
    _, part = labelled({"answers": [["sea", "sky"]], "starts": [[8, 0]]}, ["sky sea sea"])
    assert part.places == [(5, 5)]
    _, part = labelled({"answers": [["sea"], []]}, ["sky sea sea", "sky"])
    assert part.places == [(4, 4), (0, 0)], "where it is not said, it is the first; where there is no answer, nowhere"
    with pytest.raises(StageError, match="row 1 in en: the answer 'rose' does not stand in its context"):
        labelled({"answers": [["sea"], ["rose"]]}, ["sea", "sky"])


def test_the_loss_is_that_of_start_and_end_and_of_a_batch_that_of_its_parts():
    long = ["the " * words + "sea" for words in (1, 9, 3)]
    gold = {"answers": [["sea"]] * 3, "starts": [[one.index("sea")] for one in long]}
    reader, part = labelled(gold, long)
    objective = CrossEntropy(reader, [part])
    with torch.no_grad():
        whole = float(objective.loss(range(3), 0.0))
        alone = [float(objective.loss([row], 0.0)) for row in range(3)]
        scores = reader.scores(part.passages, [0])[0].log_softmax(-1)
    assert sum(alone) / 3 == pytest.approx(whole)
    start, end = part.places[0]
    assert alone[0] == pytest.approx(-float(scores[0, start] + scores[1, end]) / 2)
    assert math.isfinite(whole)


def test_the_same_cell_gives_the_same_weights_to_the_bit_and_another_seed_another():
    first, again, other = (tiny.weights(fitted(given=context(seed=seed)).encoder) for seed in (1, 1, 2))
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_a_reader_read_back_predicts_the_same(tmp_path):
    predictor = fitted()
    predictor.save(tmp_path)
    assert load_file(tmp_path / HEAD)["output.weight"].shape == (2, 32)
    again = FINETUNE.load(tiny.encoder("en", "de", seed=9), TASK, FinetuneOptions(**QUICK), tmp_path)
    test = asked("de", 40, seed=1).inputs
    assert again.predict(test, "de").equals(predictor.predict(test, "de"))
    with pytest.raises(StageError, match="the weights do not fit"):
        FINETUNE.load(tiny.encoder(width=16), TASK, FinetuneOptions(**QUICK), tmp_path)


def test_selection_on_source_dev_keeps_the_checkpoint_that_the_core_scores_best():
    given = context(validation=("en",))
    predictor = fitted(QUICK | {"selection": "source-dev", "epochs": 5}, given)
    assert given.read[:2] == [("en", "train"), ("en", "validation")]
    log = given.logged["training"]
    assert len(log["validation"]) == 5
    held_out = asked("en", 30, seed=2)
    assert 100 * right(predictor.predict(held_out.inputs, "en"), held_out.gold) == pytest.approx(max(log["validation"]))


def test_an_aligned_encoder_is_read_with():
    texts = {one: asked(one, 40).inputs["context"].to_pylist() for one in ("en", "de")}
    given = tiny.ToyContext(texts=texts, targets=("de",))
    aligned = Adversarial().fit(tiny.encoder("en", "de"), AdversarialOptions(steps=3, batch_size=8), given)
    assert accuracy(fitted(LEARN, context(rows=300), aligned), "en") > 0.6


def test_options_that_make_no_sense_are_refused():
    for name in ("stride", "question_length", "answer_length", "n_best"):
        with pytest.raises(ValueError, match="must be at least 1"):
            FinetuneOptions(**{name: 0})
    assert TaskKind.EXTRACTIVE_QA not in Probe.task_kinds
