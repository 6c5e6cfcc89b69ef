"""Readings of encoders: taken once per encoder and target, with pairs that no fit has read, beside every score."""

import json
from dataclasses import dataclass, field

from tests.fakes import run, session
from xbench.leaderboard import UNREAD, board
from xbench.plan import StageKind
from xbench.session import describe, read_results
from xbench.shelf import Shelf
from xbench.tasks import held_out
from xbench.testing import FakeDictionary, FakePlugin

WORDS = tuple(f"word{number}" for number in range(300))
ALIGNED = "fake-aligner+fake-method"


@dataclass
class Known:
    """How many of the pairs the encoder has both words of."""

    name: str = "known"
    summary: str = "counts known words"
    version: int = 1
    fails: bool = False
    seen: list = field(default_factory=list)

    def measure(self, encoder, pairs):
        if self.fails:
            raise RuntimeError("the scales are broken")
        self.seen.append(pairs)
        return {"known": len(encoder.meanings), "pairs": len(pairs.dictionary)}


def plugin(tmp_path, *diagnostics):
    return FakePlugin(tmp_path, resources=[FakeDictionary(words=WORDS)], diagnostics=list(diagnostics))


def records(opened):
    return [json.loads(line) for line in (opened.folder / "results.jsonl").read_text().splitlines()]


def test_an_encoder_is_measured_once_per_target_whatever_methods_it_serves(tmp_path):
    methods = ("fake-method", "fake-method[epochs=2]", ALIGNED)
    opened = session(tmp_path, plugin(tmp_path, Known()), methods, seeds=(0, 1))
    measured = [stage for stage in opened.plan.stages().values() if stage.kind is StageKind.DIAGNOSE]
    # of the base encoder, which two recipes and two seeds share, and of two alignments
    assert sorted(stage.target for stage in measured) == ["de", "de", "de", "fr", "fr", "fr"]
    assert "diagnose     6 stages" in describe(opened)
    assert "measure fake-model, en→de" in {stage.title for stage in measured}


def test_readings_stand_beside_the_scores_and_are_no_supervision(tmp_path):
    known = Known()
    opened, summary = run(tmp_path, plugin(tmp_path, known), (ALIGNED, "fake-method"))
    assert summary.counts["ok"] == 6
    by_cell = {(r["cell"]["recipe"], r["cell"]["target"]): r for r in records(opened)}
    aligned = by_cell[ALIGNED, "de"]["diagnostics"]["encoder"]
    assert aligned == {"readings": {"known": 6.0, "pairs": len(known.seen[0].dictionary)},
                       "pairs": {"dictionary pairs": "fake-dictionary"}}  # fmt: skip
    assert by_cell["fake-method", "de"]["diagnostics"]["encoder"]["readings"]["known"] == 0
    assert "encoder" not in by_cell["fake-method", "en"]["diagnostics"]
    assert "dictionary pairs" not in by_cell[ALIGNED, "de"]["supervision"]
    assert known.seen[0].parallel == []
    assert all(map(held_out, known.seen[0].dictionary))


def test_a_diagnostic_that_raises_stops_no_cell(tmp_path, caplog):
    opened, summary = run(tmp_path, plugin(tmp_path, Known(fails=True)))
    assert dict(summary.counts) == {"ok": 3, "skipped": 0, "failed": 0}
    assert "no readings: diagnose raised RuntimeError: the scales are broken" in caplog.text
    assert "encoder" not in records(opened)[0]["diagnostics"]


def test_without_pairs_there_is_nothing_to_measure_with(tmp_path):
    opened = session(tmp_path, FakePlugin(tmp_path, diagnostics=[Known()]))
    assert all(cell.readings is None for cell in opened.plan.cells)
    assert "diagnose" not in describe(opened)


def test_at_most_so_many_pairs_are_measured(tmp_path):
    opened = session(tmp_path, plugin(tmp_path))
    pairs = Shelf(opened.shelf.data).held_out(FakeDictionary(words=WORDS), "en", "de", 7)
    assert len(pairs) == 7
    assert all(map(held_out, pairs))


def test_a_board_says_where_readings_are_asked_for_and_there_are_none(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path, Known()))
    with_readings = board(read_results(opened.folder), readings=True)
    assert UNREAD not in with_readings.tables[0].notes
    other, _ = run(tmp_path / "other", FakePlugin(tmp_path))
    assert UNREAD in board(read_results(other.folder), readings=True).tables[0].notes
    assert UNREAD not in board(read_results(other.folder)).tables[0].notes
