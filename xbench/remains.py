"""Rules about what an aligner or a method leaves, what it makes of options, and what it makes of odd texts."""

import itertools
import shutil
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from xbench import options, tables
from xbench.artifacts import ALLOWED, wrong_file
from xbench.errors import XbenchError
from xbench.lab import Outcome, stages_of
from xbench.plan import PredictStage
from xbench.trials import Told, Trial, said, same
from xbench.verdicts import Verdict


def loads_back(trial: Trial) -> Told:
    """In a new bench, after another seed was fitted in this process."""
    _ = trial.other  # what a process remembers is now of another seed
    what = "what was saved predicts otherwise than what was fitted"
    try:
        if trial.part.kind == "aligner":
            return _aligned_again(trial, what)
        columns = tables.COLUMNS[trial.first.plan.cells[0].score.predict.task.kind]
        bench = trial.lab.reopened(trial.first)
        for language, stage in _predicted(trial.first).items():
            again = bench.predicted(stage)[columns.answer]
            if again.to_pylist() != trial.first.predictions[language][columns.answer].to_pylist():
                return Verdict.FAULT, f"{what} in {language}: let save() write all that predict() uses"
    except Exception as error:
        return Verdict.FAULT, f"load() fails on what save() wrote: {said(error)}"
    return Verdict.OK, "the same predictions"


def _predicted(outcome: Outcome) -> dict[str, PredictStage]:
    return {planned.cell.target: planned.score.predict for planned in outcome.plan.cells}


def _aligned_again(trial: Trial, what: str) -> Told:
    """The method after the aligner, on an encoder that was read back."""
    root = trial.first.bench.store.root
    shutil.copytree(root / "align", trial.lab.folder / f"{trial.place}-loaded" / "align")
    loaded = trial.run("loaded")
    if loaded.error is not None:
        return Verdict.FAULT, f"load() fails on what save() wrote: {said(loaded.error)}"
    if not same(trial.first, loaded):
        return Verdict.FAULT, f"{what}: let save() write all that was changed"
    return Verdict.OK, "the same predictions"


def no_pickle(trial: Trial) -> Told:
    """No file that could run code when it is read."""
    store = trial.first.bench.store
    places = [store.place(stage.kind, stage.key) for stage in trial.first.stages(trial.part)]
    files = sorted({path for place in places for path in place.rglob("*") if path.is_file()})
    for path in files:
        wrong = wrong_file(path)
        if wrong:
            return Verdict.FAULT, f"save() wrote {path.name}, which {wrong}: write one of {ALLOWED}"
    return Verdict.OK, f"{len(files)} files of {ALLOWED}"


def offline_alone(trial: Trial) -> Told:
    """Nothing was asked for in any trial; this rule stands last."""
    if not trial.asked:
        return Verdict.OK, "nothing was asked for"
    hosts = ", ".join(dict.fromkeys(trial.asked))
    return Verdict.FAULT, f"the network was asked for {hosts}: ship what it needs, or let a model or task fetch it"


def option_keys(trial: Trial) -> Told:
    """Of every option another value that it takes is tried."""
    cls = trial.part.thing.Options
    default = {stage.key for stage in trial.first.stages(trial.part)}
    tried, same_key = 0, []
    for name, hint in get_type_hints(cls).items():
        for value in _others(hint, getattr(cls(), name, None)):
            try:
                plan, _ = trial.lab.plan(trial.part.with_option(name, value), trial.model)
            except XbenchError:  # a value that it does not take, alone or with the others
                continue
            tried += 1
            keys = {stage.key for stage in stages_of(plan, trial.part)}
            same_key += [f"{name}={value}"] if keys & default else []
            break
    if not same_key:
        return Verdict.OK, f"{tried} of {len(get_type_hints(cls))} options were tried"
    told = f"the key is the same with {', '.join(same_key)}"
    return Verdict.FAULT, f"{told}: what users set must stay in the fields of Options as they set it"


def _others(hint: Any, default: Any) -> Iterator[str]:
    """Other values of an option, as text, the likeliest to be taken first."""
    parts = get_args(hint) if get_origin(hint) not in (None, Literal) else (hint,)
    for part in parts:
        if get_origin(part) is Literal:
            yield from (str(value) for value in get_args(part) if value != default)
        elif part is bool:
            yield str(not default).lower()
        elif part in (int, float):
            start = default if isinstance(default, int | float) else 1
            values = (start * 2, start + 1, start / 2, 1, 2, 0.5)
            yield from (str(part(value)) for value in values if part(value) != default)
        elif part is str:
            yield f"{default or ''}x"


def broken_input(trial: Trial) -> Told:
    """Texts that are empty, endless or of signs alone, to learn from and to predict; and options out of range."""
    error = trial.run("odd", odd=True).error
    if error is not None and not isinstance(error, XbenchError):
        return Verdict.FAULT, f"odd texts end in {said(error)}: let it raise an error of xbench that says what to do"
    cls = trial.part.thing.Options
    for (name, hint), value in itertools.product(get_type_hints(cls).items(), ("-1", "0")):
        if {int, float} & {hint, *get_args(hint)}:
            try:
                options.resolve(cls, trial.part.thing.name, {name: value})
            except XbenchError:
                continue
            except Exception as fault:
                told = f"the option {name}={value} ends in {said(fault)}"
                return Verdict.FAULT, f"{told}: let __post_init__ raise ValueError"
    return Verdict.OK, said(error) if error else "odd texts are answered"
