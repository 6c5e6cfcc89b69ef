"""Plugins that print, draw from global generators, install handlers, end the program or give the wrong thing."""

import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import install, run, xbench
from xbench import hookimpl
from xbench.cell import Status
from xbench.errors import PluginError
from xbench.isolation import OutOfTime, at_most, isolated
from xbench.registry import load_registry
from xbench.session import read_results
from xbench.testing import FakeAligner, FakeMethod, FakeModel, FakePlugin, FakeTask


def rude():
    """All that a guest should not do."""
    print("here I am")  # noqa: T201
    random.seed(1)
    np.random.seed(1)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir("/")


@contextlib.contextmanager
def nothing_changes(capsys):
    """What `rude` does shows neither on standard output nor in this process."""

    def state():
        kind, words, *rest = np.random.get_state()
        handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        return random.getstate(), kind, words.tolist(), rest, handlers, Path.cwd()

    before = state()
    capsys.readouterr()
    yield
    assert state() == before
    out, err = capsys.readouterr()
    assert out == ""
    assert "here I am" in err


class Rude:
    """A plugin that misbehaves while it is asked."""

    @hookimpl
    def xbench_methods(self):
        rude()
        yield FakeMethod(name="rude")


def test_a_hook_leaves_the_process_as_it_was(capsys):
    with nothing_changes(capsys):
        assert "rude" in load_registry(extra={"rude": Rude()}).names("method")


class Fits(FakeMethod):
    def fit(self, encoder, task, options, context):
        rude()
        return super().fit(encoder, task, options, context)


class Aligns(FakeAligner):
    def fit(self, encoder, options, context):
        rude()
        return super().fit(encoder, options, context)


class Scores(FakeTask):
    def score(self, gold, predictions, language):
        rude()
        return super().score(gold, predictions, language)


class Loads(FakeModel):
    def load(self, device):
        rude()
        return super().load(device)


class Predicts(FakeMethod):
    def fit(self, encoder, task, options, context):
        fitted = super().fit(encoder, task, options, context)

        class Predictor:
            save = staticmethod(fitted.save)

            def predict(self, inputs, language):
                rude()
                return fitted.predict(inputs, language)

        return Predictor()


@pytest.mark.parametrize(
    "things", [{"methods": [Fits()]}, {"methods": [Predicts()]}, {"aligners": [Aligns()]}, {"tasks": [Scores()]},
               {"models": [Loads()]}],
    ids=["fit", "predict", "align", "score", "load"],
)  # fmt: skip
def test_a_run_leaves_the_process_as_it_was(tmp_path, capsys, things):
    with nothing_changes(capsys):
        _, summary = run(tmp_path, FakePlugin(tmp_path, **things), ("fake-aligner+fake-method",))
    assert summary.counts[Status.OK] == 3


class Ends(FakeMethod):
    def fit(self, encoder, task, options, context):
        raise SystemExit(7)


class Gives(FakeMethod):
    def fit(self, encoder, task, options, context):
        super().fit(encoder, task, options, context)


class GivesNoEncoder(FakeAligner):
    def fit(self, encoder, options, context):
        return "an encoder"


class GivesNoScores(FakeTask):
    def score(self, gold, predictions, language):
        return {"accuracy": 100.0}


class LoadsNothing(FakeModel):
    def load(self, device):
        return None


@pytest.mark.parametrize(
    ("things", "reason"),
    [
        ({"methods": [FakeMethod(), Ends(name="bad")]}, "tried to end the program: sys.exit(7)"),
        ({"methods": [FakeMethod(), Gives(name="bad")]}, "the fit of bad gives must be an object with predict and"
                                                         " save, not NoneType"),
        ({"aligners": [GivesNoEncoder(name="bad")]}, "the fit of bad gives must be an object with copy and describe,"
                                                     " not str"),
    ],
)  # fmt: skip
def test_a_fit_that_ends_the_program_or_gives_the_wrong_thing_fails_its_own_cells_alone(tmp_path, things, reason):
    recipe = "bad" if "methods" in things else "bad+fake-method"
    opened, summary = run(tmp_path, FakePlugin(tmp_path, **things), (recipe, "fake-method"))
    assert (summary.counts[Status.OK], summary.counts[Status.FAILED]) == (3, 3)
    failed = [result for result in read_results(opened.folder) if result.status is Status.FAILED]
    assert {result.cell.recipe for result in failed} == {recipe}
    assert all(reason in result.reason for result in failed)


@pytest.mark.parametrize(
    ("things", "reason"),
    [
        ({"tasks": [GivesNoScores()]}, "score of fake-task must give Scores, not {'accuracy': 100.0}"),
        ({"models": [LoadsNothing()]}, "load of fake-model gives must be an object with copy and describe"),
    ],
)
def test_scores_and_encoders_of_the_wrong_type_are_said_so(tmp_path, things, reason):
    opened, summary = run(tmp_path, FakePlugin(tmp_path, **things))
    assert summary.counts[Status.FAILED] == 3
    assert all(reason in result.reason for result in read_results(opened.folder))


class Careless(FakeMethod):
    """Draws from the global generators."""

    def fit(self, encoder, task, options, context):
        context.log("drawn", [random.random(), float(np.random.random())])
        return super().fit(encoder, task, options, context)


def test_who_draws_from_the_global_generators_draws_the_same_in_the_same_cell(tmp_path):
    drawn = []
    for place, seeds in (("one", (0, 1)), ("two", (1, 0))):
        (tmp_path / place).mkdir()
        random.seed(place)
        opened, _ = run(tmp_path / place, FakePlugin(tmp_path / place, methods=[Careless()]), seeds=seeds)
        results = read_results(opened.folder)
        drawn.append({result.cell.seed: result.diagnostics["fake-method"]["drawn"] for result in results})
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]


NOISY = """
    from xbench import hookimpl
    from xbench.testing import FakeMethod
    print("imported")
    class Noisy(FakeMethod):
        def needs(self, options):
            print("asked")
            return super().needs(options)
        def fit(self, *given):
            print("fitted")
            return super().fit(*given)
    @hookimpl
    def xbench_methods():
        print("hooked")
        return [Noisy(name="noisy")]
"""


def test_json_and_boards_hold_nothing_that_a_plugin_prints(tmp_path):
    install(tmp_path)
    install(tmp_path, NOISY, name="noisy", distribution="noisy-dist")
    listed = xbench(tmp_path, "list", "methods", "--json")
    assert "noisy" in {row["name"] for row in json.loads(listed.stdout)}
    assert {"imported", "hooked", "asked"} <= set(listed.stderr.splitlines())
    assert "asked" not in xbench(tmp_path, "show", "method", "noisy", "--json").stdout
    grid = ["--suite", "fake-suite", "--methods", "noisy,fake-method", "--models", "fake-model"]
    ran = xbench(tmp_path, "run", *grid, "-j", "2")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == (tmp_path / "xbench-runs" / "fake-suite" / "README.md").read_text(encoding="utf-8")
    assert "fitted" in ran.stderr.splitlines()


def test_the_end_of_the_program_is_an_error_and_an_interruption_goes_through():
    with pytest.raises(PluginError, match="end the program"), isolated():
        raise SystemExit
    with pytest.raises(KeyboardInterrupt), isolated():
        raise KeyboardInterrupt


def test_random_state_of_torch_is_put_back_and_begins_with_the_seed():
    torch = pytest.importorskip("torch")
    before, drawn = torch.get_rng_state(), []
    for seed in (3, 3, 4):
        with isolated(seed):
            drawn.append(float(torch.rand(1)))
        assert torch.equal(torch.get_rng_state(), before)
    assert drawn[0] == drawn[1] != drawn[2]


def _stubborn():
    with contextlib.suppress(BaseException):
        time.sleep(60)
    with contextlib.suppress(Exception):
        time.sleep(60)


def test_code_is_stopped_when_its_time_is_over_though_it_catches_everything():
    started = time.monotonic()
    with pytest.raises(OutOfTime), at_most(0.05):
        _stubborn()
    assert time.monotonic() - started < 30
    with at_most(60):
        pass
    with at_most(None):
        pass


def test_the_alarm_of_somebody_else_still_comes():
    came = []
    handler = signal.signal(signal.SIGALRM, lambda *_: came.append(True))
    timer = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with at_most(60):
            time.sleep(0.01)
        assert signal.getsignal(signal.SIGALRM) is not handler
        time.sleep(0.5)
        assert came == [True]
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)
