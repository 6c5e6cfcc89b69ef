"""For plugin authors: checks that an object keeps the contract of `xbench.contracts`, and a tiny fake plugin.

    from xbench.testing import check_task
    def test_my_task(): check_task(MyTask(), Data(Origin.SAMPLE))

Each check raises PluginError that names the object, what is wrong and what is wanted. Nothing is trained or
downloaded: aligners and methods are checked by what they declare; `run_grid` runs them, beside the fakes, and
`PluginContract` tests all that an installed distribution adds, by every rule of `xbench plugin check`.
"""

import contextlib
import dataclasses
import itertools
import types
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from xbench import encoder_types, options, tables
from xbench.conformance import check_examples, check_score, require
from xbench.contracts import Data, ModelInfo, Pairs, Resource, Scope, Split, TaskKind
from xbench.errors import PluginError, UsageError
from xbench.fake_aligner import FakeAligner, FakeDictionary, FitLog
from xbench.fake_plugin import FakeMethod, FakePlugin
from xbench.fake_task import FakeEncoder, FakeModel, FakeTask
from xbench.grants import TARGET
from xbench.keys import digest
from xbench.languages import canonical
from xbench.names import parse
from xbench.plugin_contract import PluginContract
from xbench.tiny_grid import run_grid
from xbench.values import PAIRED

__all__ = ["FakeAligner", "FakeDictionary", "FakeEncoder", "FakeMethod", "FakeModel", "FakePlugin", "FakeTask",
           "FitLog", "PluginContract", "check_aligner", "check_method", "check_model", "check_resource", "check_task",
           "run_grid"]  # fmt: skip
PLAIN = (str, int, float, bool)


def check_task(task: Any, data: Data) -> None:
    """The task's description, and every split of every language that `data` holds: tables, fingerprint, scores."""
    who = _described(task, "task", {"revision": str, "main_metric": str, "parallel": bool, "hyperparameters": Mapping})
    require(isinstance(task.kind, TaskKind), f"{who}: kind must be a TaskKind, not {task.kind!r}")
    labels, languages = task.labels, task.languages
    closed = tables.COLUMNS[task.kind].closed
    good = _texts(labels) and len(set(labels)) == len(labels) and (len(labels) > 1 if closed else not labels)
    wanted = "a tuple of 2 or more texts" if closed else f"empty, since answers of {task.kind} are none"
    require(good, f"{who}: labels must be {wanted}")
    _check_languages(who, languages)
    for name in ("train_on", "donor", "sample"):
        value = getattr(task, name, 0)
        require(value is None or isinstance(value, str), f"{who}: {name} must be a text or None, not {value!r}")
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        there = task.available(split, data)
        ordered = tuple(language for language in languages if language in there)
        require(there == ordered, f"{who}: available({split}) must be languages of the task in its order: {there!r}")
        for language in there:
            examples, where = task.load(language, split, data), f"{who}, {language} {split}"
            check_examples(task, where, examples)
            again = task.load(language, split, data).provenance
            require(examples.provenance == again, f"{where}: the same rows must give the same fingerprint")
    for language in task.available(Split.TEST, data):
        check_score(task, f"{who}, {language}", task.load(language, Split.TEST, data), language)


def check_resource(paired: Any, data: Data) -> None:
    """The resource's description, and all pairs with English that `data` holds: none empty, a fingerprint."""
    who = _described(paired, "resource", {"supplies": Resource})
    require(paired.supplies in PAIRED, f"{who}: supplies must be one of {', '.join(PAIRED)}, not {paired.supplies!r}")
    targets = paired.targets("en", data)
    _check_languages(who, ("en", *targets))
    for target in targets:
        pairs, where = paired.load("en", target, data), f"{who}, en with {target}"
        require(isinstance(pairs, Pairs), f"{where}: load must give Pairs, not {type(pairs).__name__}")
        require(len(pairs.rows) == pairs.provenance.n_rows > 0, f"{where}: provenance does not count the pairs")
        good = all(len(row) == len([text for text in row if isinstance(text, str) and text]) == 2 for row in pairs.rows)
        require(good, f"{where}: a pair is two texts that are not empty")
        require(bool(pairs.provenance.fingerprint), f"{where}: provenance needs a fingerprint of the pairs")


def check_model(model: Any) -> None:
    """The model's description and `info()`; the weights are not loaded."""
    who = _described(model, "model", {"hyperparameters": Mapping})
    languages = getattr(model, "languages", ())
    if languages is not None:
        _check_languages(who, languages)
    require(callable(getattr(model, "load", None)), f"{who} lacks load()")
    require(not encoder_types.wrong(model), f"{who}: {encoder_types.wrong(model)}")
    info = model.info()
    good = isinstance(info, ModelInfo) and all(isinstance(value, str) for value in vars(info).values())
    require(good and info.id and info.digest, f"{who}: info() must give a ModelInfo with id and digest, not {info!r}")
    require(info == model.info(), f"{who}: info() must give the same each time")


def check_aligner(aligner: Any) -> None:
    """What the aligner declares: options, needs, scope, and that it asks for no labels."""
    who = _check_trained(aligner, "aligner", ("fit", "save", "load"))
    for chosen in _variants(aligner.Options):
        wrong = sorted(aligner.needs(chosen) - {Resource.SOURCE_TEXT, Resource.TARGET_TEXT, *PAIRED})
        require(not wrong, f"{who} needs {', '.join(wrong)}, but the context of an aligner has no labels")


def check_method(method: Any) -> None:
    """What the method declares: options, needs, scope and the kinds of task it learns."""
    who = _check_trained(method, "method", ("fit", "load"))
    kinds = getattr(method, "task_kinds", None)
    good = isinstance(kinds, frozenset) and bool(kinds) and all(isinstance(kind, TaskKind) for kind in kinds)
    require(good, f"{who}: task_kinds must be a frozenset of TaskKind, not {kinds!r}")


def _texts(values: Any) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, str) and value for value in values)


def _described(thing: Any, kind: str, wanted: Mapping[str, type]) -> str:
    """The object's title for messages, after checking its name, summary and the attributes in `wanted`."""
    name = getattr(thing, "name", None)
    require(isinstance(name, str), f"a {kind} needs a name; {thing!r} has {name!r}")
    try:
        plain = parse(str(name)).name == name and not set(str(name)) & set(",+= ")
    except UsageError:
        plain = False
    require(plain, f"the name of the {kind} {name!r} must have no brackets, commas, blanks, + or =")
    for attribute, of in {"summary": str, **wanted}.items():
        value = getattr(thing, attribute, None)
        good = isinstance(value, of) and (value != "" or of is not str)
        require(good, f"the {kind} {name!r} needs {attribute}: {of.__name__}, not {value!r}")
    return f"the {kind} {name!r}"


def _check_languages(who: str, languages: Any) -> None:
    require(_texts(languages) and bool(languages), f"{who}: languages must be a tuple of BCP 47 tags: {languages!r}")
    for language in languages:
        try:
            require(canonical(language) == language, f"{who}: write {canonical(language)!r} for {language!r}")
        except UsageError as error:
            raise PluginError(f"{who}: {error}") from error


def _check_trained(thing: Any, kind: str, does: Iterable[str]) -> str:
    who = _described(thing, kind, {"version": int, "citation": str, "Options": type})
    for name in does:
        require(callable(getattr(thing, name, None)), f"{who} lacks {name}()")
    require(not encoder_types.wrong(thing), f"{who}: {encoder_types.wrong(thing)}")
    _check_options(who, thing.Options)
    for chosen in _variants(thing.Options):
        needs, scope = thing.needs(chosen), thing.scope(chosen)
        good = isinstance(needs, frozenset) and all(isinstance(need, Resource) for need in needs)
        require(good, f"{who}: needs must give a frozenset of Resource, not {needs!r}")
        require(isinstance(scope, Scope), f"{who}: scope must give a Scope, not {scope!r}")
        fits = scope is not Scope.SOURCE or not needs & TARGET
        require(fits, f"{who} needs target data but declares the scope {scope} ({chosen})")
    return who


def _check_options(who: str, cls: Any) -> None:
    frozen = dataclasses.is_dataclass(cls) and getattr(cls, "__dataclass_params__").frozen  # noqa: B009
    require(frozen, f"{who}: Options must be a frozen dataclass")
    for name, hint in get_type_hints(cls).items():
        require(_plain(hint), f"{who}: the option {name} must be text, number, truth value or Literal, not {hint}")
    try:
        chosen = options.as_dict(cls())
        digest(chosen)  # a value that is not JSON cannot be part of a key
        for name, value in chosen.items():
            text = str(value).lower() if value is None or isinstance(value, bool) else str(value)
            again = options.as_dict(options.resolve(cls, who, {name: text}))
            require(again == chosen, f"{who}: the option {name}={text} does not read back as its default {value!r}")
    except (TypeError, ValueError, UsageError) as error:
        raise PluginError(f"{who}: every option needs a default that fits its type: {error}") from error


def _plain(hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return all(part is type(None) or _plain(part) for part in get_args(hint))
    return hint in PLAIN or get_origin(hint) is Literal


def _variants(cls: Any) -> list[Any]:
    """The default options, and each value of each option that is a Literal or a truth value, all combined."""
    hints = get_type_hints(cls)
    choices = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
    choices |= {name: (False, True) for name, hint in hints.items() if hint is bool}
    found = [cls()]
    for values in itertools.islice(itertools.product(*choices.values()), 500):
        with contextlib.suppress(ValueError):  # a combination the options refuse
            found.append(cls(**dict(zip(choices, values, strict=True))))
    return found
