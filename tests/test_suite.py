import pytest

from xbench.errors import DataError
from xbench.suite import Suite, load_suite

GOOD = 'name = "s"\nversion = 1\ntitle = "T"\ntasks = ["a", "b[train=a]"]\n'


def test_a_suite_file_is_read(tmp_path):
    (tmp_path / "s.toml").write_text(GOOD + 'source = "de"\n')
    assert load_suite(tmp_path / "s.toml") == Suite("s", 1, "T", ("a", "b[train=a]"), "de")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "cannot read the suite"),
        (GOOD + 'sorce = "en"', "unknown key 'sorce'; did you mean 'source'"),
        ('name = "s"', "lacks tasks, title, version"),
        (GOOD.replace('["a", "b[train=a]"]', '"a"'), "tasks must be a list"),
        (GOOD.replace('["a", "b[train=a]"]', "[]"), "tasks must be a list"),
        (GOOD.replace("= 1", '= "1"'), "version a whole number"),
        (GOOD.replace('"s"', '"../s"'), "plain word"),
        (GOOD.replace('"s"', '"a,b"'), "plain word"),
    ],
)
def test_a_broken_suite_file_is_named_with_what_is_wrong(tmp_path, text, says):
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        load_suite(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


def test_a_suite_file_that_is_not_there_or_not_text_is_a_data_error(tmp_path):
    (tmp_path / "s.toml").write_bytes(b"\xff")
    for name in ("s.toml", "gone.toml"):
        with pytest.raises(DataError, match="cannot read"):
            load_suite(tmp_path / name)
