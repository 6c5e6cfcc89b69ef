import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.errors import UsageError
from xbench.names import Name, join_recipe, parse, parse_recipe, plain, split_list, split_models

WORD = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
OPTION = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
VALUE = st.text(alphabet="abcXYZ019._-/@:+é中 ", max_size=8).map(str.strip)
NAME = st.builds(
    lambda name, options: Name(name, tuple(sorted(options.items()))), WORD, st.dictionaries(OPTION, VALUE, max_size=3)
)
MODEL = st.from_regex(r"[a-z]{4,8}(/[a-z0-9.-]{1,8})?", fullmatch=True)
PAIRED = st.dictionaries(st.sampled_from(["en", "de", "zh-Hant", "quy"]), MODEL, min_size=1, max_size=4).map(
    lambda parts: ",".join(f"{language}={model}" for language, model in parts.items())
)


@given(NAME)
def test_a_name_parses_back_from_what_it_prints(name):
    assert parse(str(name)) == name


@given(st.lists(NAME, min_size=1, max_size=4).map(tuple))
def test_a_recipe_parses_back_from_what_it_prints(names):
    assert parse_recipe(join_recipe(names)) == names


@given(st.lists(NAME.map(str), unique=True, max_size=5))
def test_a_list_comes_apart_the_same_by_commas_and_by_repeats(names):
    assert split_list((",".join(names),)) == split_list(tuple(names)) == names


@given(st.text(max_size=20))
def test_any_text_is_a_name_or_a_usage_error(text):
    try:
        name = parse(text)
    except UsageError:
        return
    assert parse(str(name)) == name


def test_options_are_sorted_and_a_dash_is_an_underscore():
    assert str(parse(" a[zeta=1, learning-rate=2] ")) == "a[learning_rate=2,zeta=1]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write name"),
        ("[x=1]", "write name"),
        ("a]", "write name"),
        ("a[x=1", "closing bracket"),
        ("a[x=1]b", "closing bracket"),
        ("a[]", "option ''"),
        ("a[x]", "option 'x'"),
        ("a[x=1,x=2]", "'x' stands twice"),
        ("a[x=b[y=c[z=1]]]", "cannot read"),
        ("a[x=b[y=1]", "cannot read"),
        ("a[x=1]]", "cannot read"),
        ("a[x=b[y=1]z]", "cannot read"),
    ],
)
def test_a_broken_name_is_refused_with_how_to_write_it(text, says):
    with pytest.raises(UsageError, match=says.replace("[", r"\[")):
        parse(text)


def test_a_recipe_with_an_empty_part_is_refused():
    for text in ("", "+a", "a+", "a++b"):
        with pytest.raises(UsageError, match="write aligner"):
            parse_recipe(text)


def test_neighbours_with_languages_are_one_paired_model():
    assert split_models(("en=a,zh=b",)) == ["en=a,zh=b"]
    assert split_models(("x,en=a,zh=b,y",)) == ["x", "en=a,zh=b", "y"]
    assert split_models(("en=a,zh=b,en=c,zh=d",)) == ["en=a,zh=b", "en=c,zh=d"]


def test_two_paired_models_that_share_a_part_stay_two():
    assert split_models(("en=a,zh=b", "en=a,sw=c")) == ["en=a,zh=b", "en=a,sw=c"]
    assert split_models(("en=a,zh=b", "sw=c,de=d")) == ["en=a,zh=b", "sw=c,de=d"]


@given(st.lists(st.one_of(MODEL, PAIRED), unique=True, max_size=4))
def test_repeated_models_are_what_was_written(models):
    assert split_models(tuple(models)) == models


@given(st.text(max_size=6))
def test_a_plain_name_is_a_recipe_of_itself(text):
    assert not plain(text) or parse_recipe(text) == (Name(text),)


@pytest.mark.parametrize("name", [None, 3, "", "a b", "a\tb", " a", "a+b", "a[b", "a]", "a,b", "a=b"])
def test_what_cannot_be_typed_is_no_plain_name(name):
    assert not plain(name)
