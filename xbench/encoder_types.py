"""Which type of encoder a model gives, and which types an aligner, method or diagnostic takes; see `Encoder`."""

from typing import Any

STATES = "states"  # the type that goes without saying


def given(model: Any) -> str:
    """The type that a model gives."""
    return str(getattr(model, "encoder_type", STATES))


def taken(thing: Any) -> frozenset[str]:
    """The types that an aligner, method or diagnostic takes."""
    return frozenset(getattr(thing, "encoder_types", (STATES,)))


def listed(thing: Any) -> str:
    """The types that a thing takes, as text."""
    return " or ".join(sorted(taken(thing)))


def wrong(thing: Any) -> str:
    """What is wrong with what a model or another thing says of its types; empty when nothing is."""
    one, several = getattr(thing, "encoder_type", STATES), getattr(thing, "encoder_types", frozenset({STATES}))
    if not _is_name(one):
        return f"encoder_type must be a text, not {one!r}"
    if not isinstance(several, frozenset) or not several or not all(map(_is_name, several)):
        return f"encoder_types must be a frozenset of texts, not {several!r}"
    return ""


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""
