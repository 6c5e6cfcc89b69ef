"""Names with options, `finetune[on=target,epochs=3]`, and recipes, `adversarial+finetune`: text to value and back."""

import re
from dataclasses import dataclass

from xbench.errors import UsageError

_OPTION = re.compile(r"([a-z][a-z0-9_-]*)=([^\[\],=]*(?:\[[^\[\]]*\])?)")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})*")


@dataclass(frozen=True, order=True)
class Name:
    """A component's name and the options the user gave it, sorted; `str` gives the text that parses back to it."""

    name: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        inside = ",".join(f"{option}={value}" for option, value in self.options)
        return f"{self.name}[{inside}]" if inside else self.name


def plain(name: object) -> bool:
    """Whether it is a name that a user can type: a text without what lists, options and recipes are told by."""
    return isinstance(name, str) and name.split() == [name] and not set(name) & set("[],+=")


def parse(text: str) -> Name:
    """Read `name` or `name[option=value,..]`; a value may be such a name itself: `bucc[method=retrieve[depth=2]]`.

    Raises UsageError on anything else, a repeated option included.
    """
    text = text.strip()
    name, bracket, rest = text.partition("[")
    if not name or name != name.strip() or "]" in name:
        raise UsageError(f"cannot read {text!r}; write name or name[option=value,..]")
    if not bracket:
        return Name(name)
    if not rest.endswith("]"):
        raise UsageError(f"{text!r} lacks its closing bracket; write name[option=value,..]")
    options: dict[str, str] = {}
    for part in _split(rest[:-1], ","):
        match = _OPTION.fullmatch(part)
        if match is None:
            raise UsageError(f"cannot read the option {part!r} in {text!r}; write name[option=value,..]")
        option = match[1].replace("-", "_")
        if option in options:
            raise UsageError(f"the option {option!r} stands twice in {text!r}")
        options[option] = match[2].strip()
    return Name(name, tuple(sorted(options.items())))


def _split(text: str, separator: str) -> list[str]:
    """Split at the separators that stand outside brackets; empty parts are kept."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:])]


def split_list(texts: tuple[str, ...]) -> list[str]:
    """Flatten repeated and comma-separated values: `("a,b[x=1,y=2]", "c")` gives a, b[x=1,y=2], c; doubles once."""
    parts = [part for text in texts for part in _split(text, ",")]
    return list(dict.fromkeys(part for part in parts if part))


def seeds_of(texts: tuple[str, ...]) -> tuple[int, ...]:
    """Seeds from repeated and comma-separated values, each once. Raises UsageError on what is none."""
    seeds = split_list(texts)
    if not all(seed.isdecimal() and len(seed) < 20 and int(seed) < 2**63 for seed in seeds):
        raise UsageError(f"--seeds {','.join(seeds)}: seeds are whole numbers from 0, below 2**63, such as 0,1,2")
    return tuple(dict.fromkeys(map(int, seeds)))


def split_models(texts: tuple[str, ...]) -> list[str]:
    """Like `split_list`, but neighbours of one text of the form `language=model` are one paired model: `en=a,zh=b`."""
    models: list[str] = []
    for text in texts:
        groups: list[dict[str, str]] = []
        for part in filter(None, _split(text, ",")):
            language, equals, _ = part.partition("=")
            paired = bool(equals) and _LANGUAGE.fullmatch(language) is not None
            if paired and groups and "" not in groups[-1] and language not in groups[-1]:
                groups[-1][language] = part
            else:
                groups.append({language if paired else "": part})
        models += [",".join(group.values()) for group in groups]
    return list(dict.fromkeys(models))


def parse_recipe(text: str) -> tuple[Name, ...]:
    """The names a recipe joins by `+`, in order. Raises UsageError when one is empty."""
    parts = _split(text, "+")
    if not all(parts):
        raise UsageError(f"cannot read the recipe {text!r}; write aligner+method, such as adversarial+finetune")
    return tuple(parse(part) for part in parts)


def join_recipe(names: tuple[Name, ...]) -> str:
    """The canonical text of a recipe."""
    return "+".join(str(name) for name in names)
