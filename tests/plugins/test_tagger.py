"""Tagging: words to sub-words and back, what is learned, and that the numbers hold."""

import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file
from xbench_aligners.adversarial import Adversarial, AdversarialOptions
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.heads import TokenClassificationHead
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.learning import HEAD
from xbench_methods.tagger import CrossEntropy, labelled_words, new

from tests.plugins import tiny
from xbench.contracts import Examples, Provenance, Split, TaskKind
from xbench.errors import ModelError, ScopeError, StageError

FINETUNE = Finetune()
TASK = tiny.ToyTask(kind=TaskKind.TOKEN_CLASSIFICATION, labels=("none", *tiny.LABELS))
COLOUR = {clue: label for label, clues in tiny.CLUES.items() for clue in clues}
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
LEARN = {"epochs": 12, "learning_rate": 3e-3, "batch_size": 16, "warmup": 0.1}


def tagged(language, rows, seed=0):
    """Sentences in which clues have their colour and all other words none."""
    words = [text.split() for text in tiny.coloured(language, rows, seed).inputs["text"].to_pylist()]
    bare = [[word.removesuffix(language) if language != "en" else word for word in row] for row in words]
    tags = [[COLOUR.get(word, "none") for word in row] for row in bare]
    of = Provenance("toy", "1", "train", "sample", rows, f"{language}-{rows}-{seed}")
    return Examples(sentences(*words), pa.table({"tags": tags}), of)


def sentences(*rows):
    return pa.table({"tokens": pa.array([list(row) for row in rows], pa.list_(pa.string()))})


class Context(tiny.ToyContext):
    """Scores by the share of right tags, where the validation split was put in."""

    def score(self, predictions, language=None):
        gold = self.labelled(language or self.source, Split.VALIDATION).gold
        return 100 * right(predictions["tags"].to_pylist(), gold["tags"].to_pylist())


def right(found, wanted):
    pairs = [two for rows in zip(found, wanted, strict=True) for two in zip(*rows, strict=True)]
    return sum(one == other for one, other in pairs) / len(pairs)


def context(*languages, validation=(), targets=(), seed=0, rows=48):
    examples = {(language, Split.TRAIN): tagged(language, rows) for language in languages or ("en",)}
    examples |= {(language, Split.VALIDATION): tagged(language, 30, seed=2) for language in validation}
    return Context(examples, targets=targets, seed=seed)


def fitted(options=None, given=None, encoder=None, task=TASK):
    encoder = encoder or tiny.encoder("en", "de")
    return FINETUNE.fit(encoder, task, FinetuneOptions(**(options or QUICK)), given or context())


def accuracy(predictor, language, seed=1):
    test = tagged(language, 60, seed)
    return right(predictor.predict(test.inputs, language)["tags"].to_pylist(), test.gold["tags"].to_pylist())


def coded(rows, limit=64, encoder=None):
    encoder = encoder or tiny.encoder()
    words = encoder.tokenize_words(rows, "en", limit)
    names = encoder.tower("en").tokenizer.convert_ids_to_tokens
    return words, [names(list(ids)) for ids in words.tokens.ids]


def test_the_first_sub_word_stands_for_the_word():
    words, ids = coded([["house", "owl", "sky"], ["sea"]])
    assert ids == [["[CLS]", "house", "o", "##w", "##l", "sky", "[SEP]"], ["[CLS]", "sea", "[SEP]"]]
    assert words.firsts == [[1, 2, 5], [1]]
    assert words.sentences == [0, 1]


def test_a_sentence_that_is_too_long_is_split_at_words_and_none_is_lost():
    words, ids = coded([["sky"], ["house", "owl", "sky", "owl", "sea"], ["sea"]], limit=8)
    assert [row[1:-1] for row in ids[1:3]] == [["house", "o", "##w", "##l", "sky"], ["o", "##w", "##l", "sea"]]
    assert words.sentences == [0, 1, 1, 2]
    assert [len(firsts) for firsts in words.firsts] == [1, 3, 2, 1]
    assert max(words.tokens.lengths) <= 8


def test_a_row_may_be_as_long_as_the_limit_and_no_longer():
    for limit, rows in ((6, 1), (5, 2)):
        words, _ = coded([["sky"] * 4], limit=max(limit, 5))
        assert len(words.sentences) == rows
    assert coded([["sky"] * 200], limit=512, encoder=tiny.encoder(positions=16))[0].tokens.lengths[0] == 16


def test_of_a_word_longer_than_a_row_the_beginning_is_read():
    words, ids = coded([["sky", "x" * 40, "sea"]], limit=8)
    assert words.sentences == [0, 0, 0]
    assert words.firsts == [[1], [1], [1]]
    assert len(ids[1]) == 8


def test_a_word_that_is_nothing_to_the_tokenizer_is_the_unknown_token():
    words, ids = coded([["sky", "\u200b", "sea"], ["\u00ad"]])
    assert ids == [["[CLS]", "sky", "[UNK]", "sea", "[SEP]"], ["[CLS]", "[UNK]", "[SEP]"]]
    assert words.firsts == [[1, 2, 3], [1]]


def test_sentences_without_words_have_no_row():
    words, _ = coded([[], ["sky"], []])
    assert words.sentences == [1]
    assert coded([])[0].tokens.lengths == coded([[]])[0].tokens.lengths == []


def test_a_tokenizer_that_drops_words_is_an_error_and_not_a_shift():
    class Drops:
        unk_token = "\u200b"  # what stands for nothing is nothing itself

        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def __call__(self, *args, **kwargs):
            return self.inner(*args, **kwargs)

    base = tiny.tower()
    encoder = TransformerEncoder({ANY: Tower(Drops(base.tokenizer), base.module)}, "mean", tiny.CPU)
    with pytest.raises(ModelError, match="leaves 1 of 2 words without a token"):
        encoder.tokenize_words([["sky", "\u200b"]], "en", 64)


def test_the_head_scores_the_states_it_is_pointed_to():
    head, states = TokenClassificationHead(3, 2).eval(), torch.arange(24.0).reshape(2, 4, 3)
    found = head(states, [[1, 3], [0]])
    assert torch.equal(found, head.output(torch.stack([states[0, 1], states[0, 3], states[1, 0]])))
    assert head(states, [[], []]).shape == (0, 2)


def test_a_toy_is_learned_in_every_language_it_is_trained_on():
    assert accuracy(fitted(LEARN, context(rows=150)), "en") > 0.95
    both = fitted(LEARN | {"on": "both"}, context("en", "de", targets=("de",), rows=150), tiny.paired(en=1, de=2))
    assert min(accuracy(both, "en"), accuracy(both, "de")) > 0.9


def test_a_zero_shot_fit_reads_source_labels_and_nothing_else():
    given = context("en", "de", validation=("en", "de"), targets=("de",))
    fitted(given=given)
    assert given.read == [("en", "train")]
    with pytest.raises(ScopeError):
        fitted(QUICK | {"on": "target"}, context("en", targets=("de",)))


def test_every_word_gets_a_tag_whatever_the_sentence():
    rows = [["sky"] * 30, [], ["\u200b"], ["x" * 90, "sea"], ["sky"]]
    found = fitted(QUICK | {"max_length": 8}).predict(sentences(*rows), "en")["tags"].to_pylist()
    assert [len(tags) for tags in found] == [len(row) for row in rows]
    assert len(fitted().predict(sentences(), "en")) == 0


def test_rejoined_parts_are_tagged_in_their_order():
    predictor = fitted(LEARN | {"max_length": 8}, context(rows=150))
    words = ["sky", "house", "rose", "grass", "the"] * 5
    (found,) = predictor.predict(sentences(words), "en")["tags"].to_pylist()
    assert found == [COLOUR.get(word, "none") for word in words]


def test_rows_are_predicted_in_the_order_they_were_given_and_alone_as_together():
    predictor, test = fitted(LEARN, context(rows=150)), tagged("en", 150, seed=3).inputs
    whole = predictor.predict(test, "en")["tags"].to_pylist()
    alone = [predictor.predict(test.slice(row, 1), "en")["tags"].to_pylist()[0] for row in (0, 70, 149)]
    assert [whole[row] for row in (0, 70, 149)] == alone


def test_long_training_sentences_keep_all_their_labels():
    tagger = new(tiny.encoder(), TASK, FinetuneOptions(max_length=8), (), seed=0)
    words = ["sky", "house", "rose", "grass", "the", "sea"] * 3
    of = Provenance("toy", "1", "train", "sample", 1, "f")
    tags = [TASK.labels.index(COLOUR.get(word, "none")) for word in words]
    gold = pa.table({"tags": [[TASK.labels[at] for at in tags]]})
    part = labelled_words(tagger, Examples(sentences(words), gold, of), "en")
    assert len(part.gold) == 3
    assert [at for row in part.gold for at in row] == tags


def test_the_loss_of_a_batch_is_that_of_its_parts():
    tagger = new(tiny.encoder(), TASK, FinetuneOptions(), (), seed=0)
    objective = CrossEntropy(tagger, [labelled_words(tagger, tagged("en", 12), "en")])
    with torch.no_grad():
        whole = float(objective.loss(range(12), 0.0))
        parts = [float(objective.loss(rows, 0.0)) * len(rows) / 12 for rows in (range(5), range(5, 12))]
        words = [float(objective.loss([row], 0.0)) * objective.a_row for row in range(12)]
    assert sum(parts) == pytest.approx(whole)
    assert sum(words) / sum(len(row) for row in objective.parts[0].gold) == pytest.approx(whole)


def test_the_same_cell_gives_the_same_weights_to_the_bit_and_another_seed_another():
    first, again, other = (tiny.weights(fitted(given=context(seed=seed)).encoder) for seed in (1, 1, 2))
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_a_tagger_read_back_predicts_the_same(tmp_path):
    predictor = fitted()
    predictor.save(tmp_path)
    assert load_file(tmp_path / HEAD)["output.weight"].shape == (4, 32)
    again = FINETUNE.load(tiny.encoder("en", "de", seed=9), TASK, FinetuneOptions(**QUICK), tmp_path)
    test = tagged("de", 40, seed=1).inputs
    assert again.predict(test, "de").equals(predictor.predict(test, "de"))
    with pytest.raises(StageError, match="the weights do not fit"):
        FINETUNE.load(tiny.encoder("en", "de"), tiny.ToyTask(kind=TASK.kind), FinetuneOptions(), tmp_path)


def test_selection_on_source_dev_keeps_the_checkpoint_that_the_core_scores_best():
    given = context(validation=("en",))
    predictor = fitted(LEARN | {"selection": "source-dev", "epochs": 5}, given)
    assert given.read[:2] == [("en", "train"), ("en", "validation")]
    log = given.logged["training"]
    assert len(log["validation"]) == 5
    assert given.score(predictor.predict(tagged("en", 30, seed=2).inputs, "en")) == pytest.approx(
        max(log["validation"])
    )


def test_an_average_of_checkpoints_is_neither_the_last_nor_the_first():
    last, average = (tiny.weights(fitted(QUICK | {"selection": one}).encoder) for one in ("last", "average"))
    assert not tiny.same(last, average)


def test_an_aligned_encoder_is_tagged_with(tmp_path):
    texts = {one: [" ".join(row) for row in tagged(one, 40).inputs["tokens"].to_pylist()] for one in ("en", "de")}
    given = tiny.ToyContext(texts=texts, targets=("de",))
    aligned = Adversarial().fit(tiny.encoder("en", "de"), AdversarialOptions(steps=3, batch_size=8), given)
    assert accuracy(fitted(LEARN, context(rows=150), aligned), "en") > 0.9
