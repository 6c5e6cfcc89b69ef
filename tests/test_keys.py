import json
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xbench.keys import KEY_LENGTH, digest, file_digest, folder_digests

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(each) for each in value] if isinstance(value, list) else value


@given(VALUES)
def test_equal_values_give_equal_keys_whatever_the_order_of_names(value):
    assert digest(value) == digest(reordered(value)) == digest(json.loads(json.dumps(value)))
    assert len(digest(value)) == KEY_LENGTH


@given(VALUES, VALUES)
def test_other_values_give_other_keys(one, other):
    assume(json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))
    assert digest(one) != digest(other)


@given(st.dictionaries(st.text(), VALUES, min_size=1, max_size=4), st.data())
def test_any_change_of_one_value_changes_the_key(value, data):
    name = data.draw(st.sampled_from(sorted(value)))
    changed = value | {name: [value[name]]}
    assert digest(changed) != digest(value)
    assert digest({key: each for key, each in value.items() if key != name}) != digest(value)


def test_a_key_is_the_same_in_every_version():
    assert digest(["fit", {"b": 1, "a": "é"}]) == "e05d37de3399ec131a8538e11a7e94e4"


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, object()])
def test_what_is_not_json_has_no_key(value):
    with pytest.raises((TypeError, ValueError)):
        digest([value])


def test_files_of_a_folder_have_a_digest_each(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_bytes(b"1")
    (tmp_path / "a").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert file_digest(tmp_path / "a") == empty
    assert list(folder_digests(tmp_path)) == ["a", "b/x"]
    assert folder_digests(tmp_path)["a"] == empty
