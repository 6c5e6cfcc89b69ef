"""Few-shot transfer: what it reads, how source and shots are mixed, and that its numbers hold."""

import pytest
from xbench_methods.few_shot import FewShot, FewShotOptions, _mixed
from xbench_methods.finetune import Finetune, FinetuneOptions

from tests.plugins import tiny
from xbench.contracts import Resource, Scope, Split
from xbench.errors import ScopeError

FEW_SHOT = FewShot()
TASK = tiny.ToyTask()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
LEARN = {"epochs": 12, "learning_rate": 3e-3, "batch_size": 16, "warmup": 0.1}
TEST = tiny.coloured("de", 60, seed=1)
HOW = ["joint", "sequential", "target"]


class Context(tiny.ToyContext):
    """Keeps how many shots were asked for."""

    def shots(self, language, count):
        self.logged[f"shots in {language}"] = count
        return super().shots(language, count)


def context(targets=("de",), seed=0, rows=48, source=True, validation=()):
    languages = ("en", "de") if source else ("de",)
    examples = {(language, Split.TRAIN): tiny.coloured(language, rows) for language in languages}
    examples |= {(language, Split.VALIDATION): tiny.coloured(language, 30, seed=2) for language in validation}
    return Context(examples, targets=targets, seed=seed)


def fitted(options=None, given=None):
    return FEW_SHOT.fit(tiny.encoder("en", "de"), TASK, FewShotOptions(**(QUICK | (options or {}))), given or context())


def predicted(predictor, language="de"):
    return predictor.predict(TEST.inputs, language)


def accuracy(predictor):
    pairs = zip(predicted(predictor)["label"].to_pylist(), TEST.gold["label"].to_pylist(), strict=True)
    return sum(one == other for one, other in pairs) / len(TEST.inputs)


@pytest.mark.parametrize(
    ("how", "needs", "read"),
    [
        ("joint", {Resource.SOURCE_LABELS, Resource.TARGET_SHOTS}, ["en", "de"]),
        ("sequential", {Resource.SOURCE_LABELS, Resource.TARGET_SHOTS}, ["en", "de"]),
        ("target", {Resource.TARGET_SHOTS}, ["de"]),
    ],
)
def test_it_reads_what_it_declares(how, needs, read):
    options = FewShotOptions(how=how)
    assert FEW_SHOT.needs(options) == needs
    assert FEW_SHOT.scope(options) is Scope.PAIRWISE
    given = context()
    fitted({"how": how, "k": 7, "updates": 3}, given)
    assert given.read == [(language, "train") for language in read]
    assert given.logged["shots in de"] == 7


def test_what_selects_is_read_where_source_labels_are():
    for how in HOW:
        chosen = FewShotOptions(how=how, selection="source-dev")
        assert (Resource.SOURCE_VALIDATION in FEW_SHOT.needs(chosen)) == (how != "target")
        given = context(validation=("en",))
        fitted({"how": how, "selection": "source-dev", "updates": 3}, given)
        assert (("en", "validation") in given.read) == (how != "target")


@pytest.mark.parametrize("how", ["joint", "sequential"])
@pytest.mark.parametrize(("k", "targets"), [(0, ("de",)), (10, ("en",))])
def test_without_shots_and_where_the_target_is_the_source_it_is_finetune(how, k, targets):
    options = FewShotOptions(**QUICK, how=how, k=k)
    given = context(targets=targets)
    found = FEW_SHOT.fit(tiny.encoder("en", "de"), TASK, options, given)
    wanted = Finetune().fit(tiny.encoder("en", "de"), TASK, FinetuneOptions(**QUICK), context())
    assert given.read == [("en", "train")]
    assert predicted(found).equals(predicted(wanted))


def test_without_shots_the_source_is_all_it_sees():
    options = FewShotOptions(k=0)
    assert FEW_SHOT.scope(options) is Scope.SOURCE
    assert FEW_SHOT.needs(options) == {Resource.SOURCE_LABELS}


def test_what_was_not_granted_cannot_be_trained_on():
    with pytest.raises(ScopeError):
        fitted({"how": "joint"}, context(source=False))


def test_source_and_shots_are_mixed_one_to_one():
    source, shots = tiny.coloured("en", 48), tiny.coloured("de", 10)
    (_, first), (language, second) = _mixed([("en", source), ("de", shots)])
    assert first is source
    assert language == "de"
    texts = shots.inputs["text"].to_pylist()
    assert second.inputs["text"].to_pylist() == [texts[row % 10] for row in range(48)]
    assert second.gold["label"].to_pylist() == [shots.gold["label"].to_pylist()[row % 10] for row in range(48)]


def test_more_shots_than_source_rows_repeat_the_source():
    mixed = _mixed([("en", tiny.coloured("en", 4)), ("de", tiny.coloured("de", 10))])
    assert [len(examples.inputs) for _, examples in mixed] == [10, 10]


@pytest.mark.parametrize(("how", "steps"), [("joint", {"training": 12}), ("target", {"training_on_shots": 9}),
                                            ("sequential", {"training": 6, "training_on_shots": 9})])  # fmt: skip
def test_updates_on_shots_alone_are_fixed(how, steps):
    for k in (5, 40):
        given = context()
        fitted({"how": how, "updates": 9, "k": k}, given)
        logs = {name: log["steps"] for name, log in given.logged.items() if name.startswith("training")}
        assert logs == steps


@pytest.mark.parametrize("how", HOW)
def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another(how):
    first, again, other = (predicted(fitted({"how": how, "updates": 3}, context(seed=seed))) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_predictor_read_back_predicts_the_same(tmp_path):
    predictor = fitted()
    predictor.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors"}
    again = FEW_SHOT.load(tiny.encoder("en", "de", seed=9), TASK, FewShotOptions(**QUICK), tmp_path)
    assert predicted(again).equals(predicted(predictor))


@pytest.mark.parametrize("how", HOW)
def test_shots_teach_the_target(how):
    none = accuracy(fitted(LEARN | {"k": 0}, context(rows=90)))
    assert accuracy(fitted(LEARN | {"how": how, "k": 60, "updates": 60}, context(rows=90))) > max(none, 0.5) + 0.2


@pytest.mark.parametrize("wrong", [{"k": -1}, {"updates": 0}, {"how": "target", "k": 0}, {"epochs": 0}])
def test_options_without_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must be|nothing to learn from"):
        FewShotOptions(**wrong)


def test_labels_of_the_target_besides_the_shots_select_nothing():
    with pytest.raises(ValueError, match="the k shots are all the labels of a target"):
        FewShotOptions(selection="target-dev")
