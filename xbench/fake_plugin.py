"""A tiny complete plugin without torch, for tests of the core and of plugins; see `xbench.testing`."""

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from xbench.contracts import FitContext, Resource, Scope, TaskKind
from xbench.fake_aligner import FakeAligner, FitLog
from xbench.fake_task import FakeEncoder, FakeModel, FakeTask
from xbench.hookspecs import hookimpl

SUITE = 'name = "fake-suite"\nversion = 1\ntitle = "Weather"\ntasks = ["fake-task"]\n'


@dataclass(frozen=True)
class FakeMethodOptions:
    """`fail` raises in fit or predict (in the languages `where`, all by default); `seconds` makes a fit last."""

    on: Literal["source", "target"] = "source"
    fail: Literal["no", "fit", "predict"] = "no"
    where: str = ""
    epochs: float = 1.0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.epochs <= 0:
            raise ValueError("epochs must be above 0")


@dataclass(frozen=True)
class FakePredictor:
    """Word -> label; a word it has not seen gets the first label it knows."""

    encoder: FakeEncoder
    learned: Mapping[str, str]
    options: FakeMethodOptions

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """The label of each text's last word."""
        if self.options.fail == "predict" and language in (self.options.where or language):
            raise RuntimeError(f"cannot predict {language}, as it was told")
        words = [self.encoder.word(text) for text in inputs["text"].to_pylist()]
        return pa.table({"label": [self.learned.get(word, min(self.learned.values())) for word in words]})

    def save(self, folder: Path) -> None:
        """What was learned, as JSON."""
        (folder / "learned.json").write_text(json.dumps(dict(self.learned)), encoding="utf-8")


@dataclass
class FakeMethod:
    """Memorises the label of each word; `log` counts its fits."""

    name: str = "fake-method"
    summary: str = "memorises words"
    citation: str = "Fake et al. 2026"
    version: int = 1
    deterministic: bool = True
    task_kinds: frozenset[TaskKind] = frozenset({TaskKind.SEQUENCE_CLASSIFICATION})
    log: FitLog = field(default_factory=FitLog)
    Options: type[Any] = FakeMethodOptions

    def needs(self, options: FakeMethodOptions) -> frozenset[Resource]:
        """Labels of the language it trains on."""
        return frozenset({Resource.SOURCE_LABELS if options.on == "source" else Resource.TARGET_LABELS})

    def scope(self, options: FakeMethodOptions) -> Scope:
        """The source, or one target."""
        return Scope.SOURCE if options.on == "source" else Scope.PAIRWISE

    def fit(self, encoder: Any, task: Any, options: FakeMethodOptions, context: FitContext) -> FakePredictor:
        """Remember."""
        language = context.source if options.on == "source" else context.targets[0]
        self.log.add(f"{self.name} {task.name} {language} {context.seed}")
        time.sleep(options.seconds)
        if options.fail == "fit" and language in (options.where or language):
            raise RuntimeError("cannot fit, as it was told")
        examples = context.labelled(language)
        words = [encoder.word(text) for text in examples.inputs["text"].to_pylist()]
        gold = examples.gold["label"].to_pylist() if examples.gold else []
        return FakePredictor(encoder, dict(zip(words, gold, strict=True)), options)

    def load(self, encoder: Any, task: Any, options: FakeMethodOptions, folder: Path) -> FakePredictor:
        """What was learned, again."""
        learned = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
        return FakePredictor(encoder, learned, options)


class FakePlugin:
    """All fakes as a plugin: `load_registry(extra={"fake": FakePlugin(tmp_path)})`; things replace the default ones.

    A thing goes by what it can do, a text is a suite file's; suites are written into `folder`.
    """

    def __init__(self, folder: Path, **things: Iterable[Any]) -> None:
        self.tasks = list(things.get("tasks", [FakeTask()]))
        self.models = list(things.get("models", [FakeModel()]))
        self.aligners = list(things.get("aligners", [FakeAligner()]))
        self.methods = list(things.get("methods", [FakeMethod()]))
        self.formats = list(things.get("formats", []))
        self.resources = list(things.get("resources", []))
        self.diagnostics = list(things.get("diagnostics", []))
        self.suites = [folder / f"suite-{number}.toml" for number, _ in enumerate(things.get("suites", [SUITE]))]
        for path, text in zip(self.suites, things.get("suites", [SUITE]), strict=True):
            draft = path.with_name(f"{path.name}.{os.getpid()}")  # another process may be reading the same file
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)

    @hookimpl
    def xbench_tasks(self) -> list[Any]:
        """The tasks."""
        return self.tasks

    @hookimpl
    def xbench_models(self) -> list[Any]:
        """The models."""
        return self.models

    @hookimpl
    def xbench_aligners(self) -> list[Any]:
        """The aligners."""
        return self.aligners

    @hookimpl
    def xbench_methods(self) -> list[Any]:
        """The methods."""
        return self.methods

    @hookimpl
    def xbench_formats(self) -> list[Any]:
        """The formats, none unless they are given."""
        return self.formats

    @hookimpl
    def xbench_resources(self) -> list[Any]:
        """The resources, none unless they are given."""
        return self.resources

    @hookimpl
    def xbench_diagnostics(self) -> list[Any]:
        """The diagnostics, none unless they are given."""
        return self.diagnostics

    @hookimpl
    def xbench_suites(self) -> list[Path]:
        """The suite files."""
        return self.suites
