from dataclasses import dataclass
from typing import Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.errors import UsageError
from xbench.keys import digest
from xbench.options import as_dict, describe, resolve


@dataclass(frozen=True)
class Options:
    steps: int = 5
    rate: float = 0.5
    on: Literal["source", "target"] = "source"
    layers: Literal[1, 2] = 1
    fast: bool = False
    word: str = "w"
    limit: int | None = None
    old: Optional[float] = None  # noqa: UP045 - both ways of writing it are met
    keep: float | Literal["none", "best"] = "none"

    def __post_init__(self):
        if self.steps < 1:
            raise ValueError("steps must be 1 or more")


FLOAT = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "steps": st.integers(min_value=1),
        "rate": FLOAT,
        "on": st.sampled_from(["source", "target"]),
        "layers": st.sampled_from([1, 2]),
        "fast": st.booleans(),
        "word": st.text(),
        "limit": st.none() | st.integers(),
        "old": st.none() | FLOAT,
        "keep": st.sampled_from(["none", "best"]) | FLOAT,
    },
)


def text(value):
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@given(VALUES)
def test_what_the_user_gives_reads_back_with_its_type(values):
    found = resolve(Options, "m", {name: text(value) for name, value in values.items()})
    assert found == Options(**values)
    assert [type(value) for value in as_dict(found).values()] == [
        type(value) for value in as_dict(Options(**values)).values()
    ]


@given(VALUES, VALUES, VALUES)
def test_the_user_wins_over_the_last_layer_and_that_over_the_first(first, last, given_):
    found = resolve(Options, "m", {name: text(value) for name, value in given_.items()}, first, last)
    assert as_dict(found) == as_dict(Options()) | first | last | given_


def test_fields_of_a_layer_that_the_component_lacks_are_passed_over():
    assert resolve(Options, "m", {}, {"warmup": 3, "steps": 7}) == Options(steps=7)


def test_a_whole_number_and_its_float_are_one_value_of_a_key():
    layered = resolve(Options, "m", {}, {"rate": 3})
    typed = resolve(Options, "m", {"rate": "3"})
    assert digest(as_dict(layered)) == digest(as_dict(typed))


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"stepz": "1"}, "no option of m is called 'stepz'; did you mean 'steps'"),
        ({"steps": "1.5"}, "m[steps=1.5]: '1.5' is not an int"),
        ({"rate": "fast"}, "m[rate=fast]: 'fast' is not a float"),
        ({"rate": "nan"}, "not a finite number"),
        ({"rate": "-inf"}, "not a finite number"),
        ({"old": "inf"}, "not a finite number"),
        ({"on": "both"}, "one of source, target"),
        ({"keep": "worst"}, "'worst' is not a float"),
        ({"layers": "3"}, "one of 1, 2"),
        ({"fast": "yes"}, "true or false"),
        ({"limit": "many"}, "'many' is not an int"),
        ({"steps": "0"}, "m: steps must be 1 or more"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_fits(given_, says):
    with pytest.raises(UsageError) as caught:
        resolve(Options, "m", given_)
    assert says in str(caught.value)


def test_options_describe_themselves_with_type_and_default():
    assert describe(Options)["on"] == "source|target, default source"
    assert describe(Options)["steps"] == "int, default 5"
    assert describe(Options)["keep"] == "float|none|best, default none"
    assert describe(Options)["limit"] == "int|none, default None"


def test_a_component_without_options_has_none():
    assert as_dict(None) == {}
