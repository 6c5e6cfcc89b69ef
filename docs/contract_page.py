"""The reference page of the contract as Markdown, made of the code; `cog -r docs/reference/contract.md` writes it."""

import dataclasses
import enum
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

from xbench import contracts, errors, formats, hookspecs, tables, testing, values
from xbench.markup import grid

PROVIDED = (
    contracts.Task, contracts.PairedData, contracts.Model, contracts.ModelFamily, contracts.Encoder, contracts.Aligner,
    contracts.Method, contracts.Predictor, contracts.Diagnostic, formats.Format,
)  # fmt: skip
HANDED = (contracts.Context, contracts.FitContext)
SHARED = (contracts.Described, contracts.Trained)
WIDTH = 100  # a signature that is wider gets a line for each parameter
_PATH = re.compile(r"\b(?:xbench|collections|typing|pathlib)(?:\.\w+)*\.(?=[A-Z])")


class _Shown:
    """Stands for an annotation or a default in a signature, which writes what `repr` gives."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def page() -> str:
    """The whole page, but for its title and the words before the first section."""
    provided = _filled(f"{_paragraphs(contracts)[0]} They are listed with those that they inherit.")
    handed = "Objects of the core: a plugin is given them and makes none."
    shared = "What several of the above have in common, and members that they may have besides."
    sections = [
        _section("Number and changes", [_number()]),
        _section("Tables", [_tables()]),
        _section("Hooks", [_hooks()]),
        _section("What a plugin provides", [provided, *map(_form, PROVIDED)]),
        _section("What a fit is handed", [handed, *map(_form, HANDED)]),
        _section("What they share", [shared, *map(_form, SHARED)]),
        _section("Values", [*map(_value, classes(values)), _constants()]),
        _section("For tests of plugins", [_fenced(_doc(testing)), *_names(testing)]),
        _section("Errors", [*_errors()]),
    ]
    return "\n".join(sections)


def members(form: type) -> dict[str, Any]:
    """The public members of a contract by name: those of its bases first, each as it was written last."""
    ours = [cls for cls in reversed(form.__mro__) if cls.__module__.startswith("xbench.")]
    return {name: one for cls in ours for name, one in vars(cls).items() if not name.startswith("_")}


def classes(module: ModuleType) -> list[type]:
    """The public classes that a module defines, in its order."""
    found = [one for name, one in vars(module).items() if inspect.isclass(one) and not name.startswith("_")]
    return [one for one in found if one.__module__ == module.__name__]


def signature(function: Callable[..., Any]) -> str:
    """A function as Python would declare it, names of types without their modules; a line a parameter if it is long."""
    given = [str(_parameter(one)) for one in inspect.signature(function).parameters.values()]
    line = f"def {function.__name__}({', '.join(given)}) -> {returned(function)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"def {function.__name__}(", *(f"    {one}," for one in given), f") -> {returned(function)}"])


def returned(function: Callable[..., Any] | None) -> str:
    """What a function gives, as a type."""
    return shown(inspect.signature(function).return_annotation) if function else "Any"


def _parameter(one: inspect.Parameter) -> inspect.Parameter:
    if one.annotation is not one.empty:
        one = one.replace(annotation=_Shown(shown(one.annotation)))
    return one if one.default is one.empty else one.replace(default=_Shown(_default(one.default)))


def shown(annotation: Any) -> str:
    """A type as it stands in the code, without the modules that names are imported from."""
    for name in inspect.get_annotations(formats):  # types that have a name of their own
        if annotation == getattr(formats, name):
            return str(name)
    return _PATH.sub("", annotation if isinstance(annotation, str) else inspect.formatannotation(annotation))


def _default(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, frozenset) and value:
        return f"frozenset({{{', '.join(sorted(map(_default, value)))}}})"
    return value.__name__ if inspect.isclass(value) else repr(value)


def _section(title: str, parts: Iterable[str]) -> str:
    return "\n\n".join([f"## {title}", *(part.strip("\n") for part in parts if part)]) + "\n"


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def _paragraphs(thing: Any) -> tuple[str, str]:
    """The first paragraph of a docstring, and the others."""
    first, _, others = _doc(thing).partition("\n\n")
    return first, others


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _fenced(text: str) -> str:
    """Indented lines as a block of code, which Markdown wants a blank line before."""
    return re.sub(r"(?:^ {4}.*\n?)+", lambda code: f"```\n{inspect.cleandoc(code[0])}\n```\n", text, flags=re.M)


def _code(text: str) -> str:
    """Code that may stand in a table."""
    return f"`{text}`".replace("|", "\\|")


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return grid(head, list(rows), head)


def _cell(text: str) -> str:
    """A docstring in a table, which has one line for it."""
    return " ".join(text.split()).replace("|", "\\|")


def _links(text: str) -> list[str]:
    """Links to the sections of this page whose types a text names, in its order."""
    known = {one.__name__ for one in (*PROVIDED, *HANDED, *SHARED, *classes(values))}
    return [f"[{name}](#{name.lower()})" for name in dict.fromkeys(re.findall(r"\w+", text)) if name in known]


def _number() -> str:
    say = (
        f"This is contract {contracts.CONTRACT}; the oldest whose plugins run is {contracts.OLDEST}. A module of hooks"
        f" may say `XBENCH_CONTRACT = {contracts.CONTRACT}`, the one that it was made for. `xbench plugin list` then"
        " tells what changed since, and which of the two must be upgraded where they do not fit."
    )
    rows = ([str(number), _cell(what)] for number, what in sorted(contracts.CHANGES.items(), reverse=True))
    return f"{_filled(say)}\n\n{_grid(['contract', 'what changed'], rows)}"


def _tables() -> str:
    rows = [
        [_code(kind), _codes(of.inputs), _codes(of.optional), _code(of.gold), _code(of.answer), _answer(of)]
        for kind, of in tables.COLUMNS.items()
    ]
    head = ["kind of task", "inputs", "also, where there is one", "gold", "predictions", "what an answer is"]
    return f"{_paragraphs(contracts)[1]}\n\n{_grid(head, rows)}"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(_code, names))


def _answer(of: tables.Columns) -> str:
    one = "label of the task" if of.closed else "text" if not of.listed else "id"
    if of.per_token:
        return f"a {one} for each token"
    return f"a list of {one}s" if of.listed else f"a {one}"


def hooks() -> dict[str, Callable[..., Any]]:
    """The hooks by name."""
    return {name: one for name, one in vars(hookspecs).items() if name.startswith("xbench_") and callable(one)}


def _hooks() -> str:
    say = "A plugin marks those that it implements with `@hookimpl`, which it imports: `from xbench import hookimpl`."
    lines = [_filled(f"* `{name}() -> {returned(hook)}`: {_line(hook)}", "  ") for name, hook in hooks().items()]
    return "\n".join([_filled(f"{_doc(hookspecs)} {say}"), "", *lines])


def _line(hook: Callable[..., Any]) -> str:
    links = _links(returned(hook))
    return " ".join([*_doc(hook).split(), *([f"See {' and '.join(links)}."] if links else [])])


def _form(form: type) -> str:
    """A contract: what it says of itself, its attributes as a table, its functions one by one."""
    bases = [one for one in form.__mro__[1:] if one in (contracts.Trained, contracts.Context)]
    every = members(form)
    attributes = [
        [_code(name), _typed(returned(one.fget)), _cell(_doc(one))]
        for name, one in every.items()
        if isinstance(one, property)
    ]
    parts = [f"### {form.__name__}", _fenced(_doc(form))]
    parts += [f"What [{one.__name__}](#{one.__name__.lower()}) says of itself holds here too." for one in bases]
    parts += [_grid(["attribute", "type", "what it is"], attributes)] if attributes else []
    parts += [_function(f"{form.__name__}.{name}", one) for name, one in every.items() if inspect.isfunction(one)]
    return "\n\n".join(parts)


def _typed(text: str) -> str:
    return f"[`{text}`](#{text.lower()})" if _links(text) == [f"[{text}](#{text.lower()})"] else _code(text)


def _function(title: str, function: Callable[..., Any]) -> str:
    declared = signature(function)
    links = _links(declared.replace(f"def {function.__name__}", "", 1))
    parts = [f"#### {title}", f"```python\n{declared}\n```", _fenced(_doc(function))]
    return "\n\n".join([*parts, *([f"Types: {', '.join(links)}."] if links else [])])


def _value(cls: type) -> str:
    """A dataclass with its fields, an enumeration with its members, or whatever else by its docstring."""
    parts = [f"### {cls.__name__}", _fenced(_doc(cls))]
    if issubclass(cls, enum.Enum):
        parts.append(_grid(["member", "value"], ([_code(one.name), _code(f'"{one.value}"')] for one in cls)))
    elif dataclasses.is_dataclass(cls):
        parts.append(_grid(["field", "type", "default"], map(_field, dataclasses.fields(cls))))
    elif "__init__" in vars(cls):
        declared = signature(vars(cls)["__init__"]).replace("def __init__(self, ", f"{cls.__name__}(")
        parts.append(f"```python\n{declared.removesuffix(' -> None')}\n```")
    return "\n\n".join(parts)


def _field(one: "dataclasses.Field[Any]") -> list[str]:
    made = one.default_factory is not dataclasses.MISSING
    default = "" if one.default is dataclasses.MISSING else _code(_default(one.default))
    return [_code(one.name), _typed(shown(one.type)), "its own" if made else default]


def _constants() -> str:
    """Names in capitals of `values` and names of types of `formats`, as the source has them, with its comments."""
    lines = [line for of in (values, formats) for line in inspect.getsource(of).splitlines()]
    found = [line for line in lines if re.match(r"[A-Z]\w+(: TypeAlias)? = ", line)]
    return (
        "### Constants and names of types\n\nIn `xbench.values` and `xbench.formats`:\n\n```\n"
        + "\n".join(found)
        + "\n```"
    )


def _names(module: ModuleType) -> Iterator[str]:
    """Every public name of a module: functions with their signatures, classes with their fields."""
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        yield _value(thing) if inspect.isclass(thing) else _function(name, thing).replace("#### ", "### ", 1)


def _errors() -> Iterator[str]:
    said, tree = _paragraphs(errors)
    yield f"{said}\n\n```text\n{tree}\n```"
    functions = {name: one for name, one in vars(errors).items() if inspect.isfunction(one)}
    yield from (_function(name, one).replace("#### ", "### ", 1) for name, one in functions.items())
