import pytest

from xbench.errors import DataError
from xbench.suite import Suite, load_suite, to_toml

GOOD = 'name = "s"\nversion = 1\ntitle = "T"\ntasks = ["a", "b[train=a]"]\n'


def test_a_suite_file_is_read(tmp_path):
    (tmp_path / "s.toml").write_text(GOOD + 'source = "de"\nmethods = ["m[x=1]"]\n')
    assert load_suite(tmp_path / "s.toml") == Suite("s", 1, "T", ("a", "b[train=a]"), "de", methods=("m[x=1]",))


MORE = """\
average = "groups"
remark = "Not „official“"
references = "p.csv"
[groups]
one = ["a", "b"]
two = ["b"]
[languages]
b = ["en", "sw"]
[stand_ins]
b = ["b[split=dev]"]
"""


def test_groups_languages_and_published_numbers_are_read_and_written_back(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(GOOD + MORE, encoding="utf-8")
    (tmp_path / "p.csv").write_text("")
    suite = load_suite(path)
    assert suite.groups == {"one": ("a", "b"), "two": ("b",)}
    assert suite.languages == {"b": ("en", "sw")}
    assert suite.stand_ins == {"b": ("b[split=dev]",)}
    assert (suite.average, suite.remark) == ("groups", "Not „official“")
    assert suite.references == tmp_path / "p.csv"
    assert suite.members == ("a", "b")
    path.write_text(to_toml(suite), encoding="utf-8")
    assert load_suite(path) == suite


def test_what_a_suite_does_not_say_is_not_written():
    text = to_toml(Suite("s", 0, "", ("a",)))
    assert text == 'name = "s"\nversion = 0\ntitle = ""\ntasks = ["a"]\nsource = "en"\naverage = "tasks"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "cannot read the suite"),
        (GOOD + 'average = "task"', "no way to average is called 'task'; did you mean 'tasks'"),
        (GOOD + 'average = "groups"', "average is over groups, and there are none"),
        (GOOD + 'groups = ["a"]', "groups must be a table of lists of names"),
        (GOOD + "[groups]\none = []", "groups must be a table of lists of names"),
        (GOOD + '[groups]\none = ["c"]', "no task of the suite is called 'c'"),
        (GOOD + '[groups]\none = ["b[train=a]"]', "no task of the suite is called 'b[train=a]'"),
        (GOOD + '[languages]\nc = ["en"]', "no task of the suite is called 'c'"),
        (GOOD + '[stand_ins]\nc = ["c[split=dev]"]', "no task of the suite is called 'c'"),
        (GOOD + '[stand_ins]\nb = ["a[split=dev]"]', "what stands in for b must be b with other options"),
        (GOOD.replace('"a"', '"b"') + '[groups]\none = ["b"]', "a task stands twice"),
        (GOOD.replace('"a"', '"a["'), "lacks its closing bracket"),
        (GOOD + 'references = "gone.csv"', "references must name a file beside the suite file, not 'gone.csv'"),
        (GOOD + 'references = "../p.csv"', "references must name a file beside the suite file"),
        (GOOD + 'sorce = "en"', "unknown key 'sorce'; did you mean 'source'"),
        ('name = "s"', "lacks tasks, title, version"),
        (GOOD.replace('["a", "b[train=a]"]', '"a"'), "tasks must be a list"),
        (GOOD.replace('["a", "b[train=a]"]', "[]"), "tasks must be a list"),
        (GOOD + 'methods = "m"\n', "methods must be a list"),
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
