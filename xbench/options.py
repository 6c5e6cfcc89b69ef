"""Options of a component: a frozen dataclass of plain fields, filled in layers, checked by its types."""

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from xbench.errors import UsageError, unknown

_UNIONS = (Union, types.UnionType)


def resolve(cls: type, owner: str, given: Mapping[str, str], *layers: Mapping[str, Any]) -> Any:
    """An instance of `cls`: its own defaults, then each layer in turn (fields it lacks are ignored), then `given`.

    Raises UsageError on an option that does not exist or a value that does not fit its type.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for layer in layers:
        values |= {name: _fitted(hints[name], value) for name, value in layer.items() if name in hints}
    for name, text in given.items():
        if name not in hints:
            raise unknown(f"option of {owner}", name, hints)
        values[name] = _read(hints[name], text, f"{owner}[{name}={text}]")
    try:
        return cls(**values)
    except ValueError as error:
        raise UsageError(f"{owner}: {error}") from error


def as_dict(options: Any) -> dict[str, Any]:
    """The resolved options by name; empty when there are none."""
    return dataclasses.asdict(options) if options is not None else {}


def describe(cls: type) -> dict[str, str]:
    """Each option with its type and default, as text, for `xbench show`."""
    hints = get_type_hints(cls)
    return {
        field.name: f"{_type_name(hints[field.name])}, default {field.default}" for field in dataclasses.fields(cls)
    }


def _type_name(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "|".join(map(str, get_args(hint)))
    if get_origin(hint) in _UNIONS:
        return "|".join("none" if one is type(None) else _type_name(one) for one in get_args(hint))
    return getattr(hint, "__name__", str(hint))


def _read(hint: Any, text: str, where: str) -> Any:
    if get_origin(hint) is Literal:
        choices = {str(choice): choice for choice in get_args(hint)}
        if text not in choices:
            raise UsageError(f"{where}: the value must be one of {', '.join(choices)}")
        return choices[text]
    if get_origin(hint) in _UNIONS:
        return _read_one_of(get_args(hint), text, where)
    if hint is bool:
        if text not in ("true", "false"):
            raise UsageError(f"{where}: the value must be true or false")
        return text == "true"
    try:
        value = hint(text)
    except ValueError as error:
        raise UsageError(f"{where}: {text!r} is not {'an' if hint is int else 'a'} {hint.__name__}") from error
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{where}: {text!r} is not a finite number")
    return value


def _read_one_of(hints: tuple[Any, ...], text: str, where: str) -> Any:
    """The word that one of the types knows, else a value of the type that is left; `none` is nothing."""
    if text == "none" and type(None) in hints:
        return None
    words = [hint for hint in hints if get_origin(hint) is Literal and text in map(str, get_args(hint))]
    (rest,) = words or [hint for hint in hints if hint is not type(None) and get_origin(hint) is not Literal]
    return _read(rest, text, where)


def _fitted(hint: Any, value: Any) -> Any:
    """A whole number where a float is wanted becomes one, so that 3 and 3.0 give one key."""
    wanted = get_args(hint) if get_origin(hint) in _UNIONS else (hint,)
    return float(value) if float in wanted and type(value) is int else value
