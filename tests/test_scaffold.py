"""What a new plugin is called, and what stands in its way."""

import pytest

from tests.fakes import files, install, xbench
from xbench.authoring import BEGUN
from xbench.contracts import CONTRACT
from xbench.errors import UsageError
from xbench.registry import load_registry
from xbench.scaffold import Named, check_free, render, write
from xbench.testing import FakePlugin


@pytest.mark.parametrize(
    ("distribution", "module", "name", "title"),
    [
        ("xbench-nearest-mean", "xbench_nearest_mean", "nearest-mean", "NearestMean"),
        ("my-bert2", "my_bert2", "my-bert2", "MyBert2"),
        ("xbench-2norm", "xbench_2norm", "2norm", "X2norm"),
        ("xbench-none", "xbench_none", "none", "XNone"),
    ],
)
def test_a_distribution_names_module_thing_and_class(distribution, module, name, title):
    named = Named(distribution)
    assert (named.module, named.name, named.title) == (module, name, title)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("My_Plugin", "'my-plugin'"),
        ("a--b", "'a-b'"),
        ("-a", "'a'"),
        ("2a", "'a'"),
        ("../up", "'up'"),
        ("", "'xbench-nearest-mean'"),
        ("Ü", "'xbench-nearest-mean'"),
        ("class", "taken"),
        ("xbench", "taken"),
    ],
)
def test_what_is_no_name_is_refused_with_one_that_is(wrong, hint):
    with pytest.raises(UsageError, match=hint):
        Named(wrong)


@pytest.mark.parametrize("kind", BEGUN)
def test_a_name_that_something_installed_has_is_refused(tmp_path, kind):
    registry = load_registry(extra={"fake": FakePlugin(tmp_path)})
    taken = {"method": "xbench-fake-method", "aligner": "xbench-fake-aligner", "task": "xbench-fake-suite"}
    taken |= {"model": "fake-model", "suite": "fake-suite"}
    with pytest.raises(UsageError, match=r"called 'fake-.*' already, of fake; choose another name"):
        check_free(Named(taken[kind]), kind, registry)
    with pytest.raises(UsageError, match="a plugin called 'fake' already"):
        check_free(Named("xbench-fake"), kind, registry)
    with pytest.raises(UsageError, match="there is a module json already"):
        check_free(Named("json"), kind, registry)
    check_free(Named("fake-other"), kind, registry)


@pytest.mark.parametrize("kind", BEGUN)
def test_every_kind_has_the_files_of_a_distribution_and_no_template_is_left(kind):
    made = render(Named("xbench-mine"), kind)
    wanted = {"pyproject.toml", "README.md", ".gitignore", ".github/workflows/test.yml", "tests/test_xbench_mine.py"}
    assert wanted | {"xbench_mine/__init__.py", "xbench_mine/py.typed"} <= made.keys()
    for path, text in made.items():
        assert "{%" not in text
        assert "{{" not in text.replace("${{", "")
        assert "MODULE" not in path
        assert f"XBENCH_CONTRACT = {CONTRACT}" in text or not path.endswith("/__init__.py")


def test_a_name_that_holds_a_part_of_a_templates_path_stays_as_it_is():
    made = render(Named("xbench-dot-product"), "task")
    assert "xbench_dot_product/dot-product.tsv" in made
    assert ".github/workflows/test.yml" in made


def test_the_command_writes_a_folder_once_and_says_how_to_go_on(tmp_path):
    install(tmp_path / "site")
    (tmp_path / "site" / "work").mkdir()
    new = ["plugin", "new", "xbench-mine", "--kind", "method", "-o", "work"]
    done = xbench(tmp_path / "site", *new)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:4] == ["cd work/xbench-mine", "pip install -e '.[test]'", "pytest"]
    assert "--methods mine,probe" in done.stdout
    file = tmp_path / "site" / "work" / "xbench-mine" / "README.md"
    file.write_text("changed", encoding="utf-8")
    before = files(tmp_path)
    again = xbench(tmp_path / "site", *new)
    assert again.returncode == 2
    assert "work/xbench-mine is there already, and nothing in it is changed" in again.stderr
    assert file.read_text(encoding="utf-8") == "changed"
    clash = xbench(tmp_path / "site", "plugin", "new", "fake-method", "--kind", "method", "-o", "work")
    assert clash.returncode == 2
    assert "a method called 'fake-method' already, of fake-dist" in clash.stderr
    assert files(tmp_path) == before


def test_a_folder_that_cannot_be_written_whole_is_not_there(tmp_path):
    with pytest.raises(Exception, match="cannot be written"):
        write({"a": "text", "a/b": "a file cannot be in a file"}, tmp_path / "new")
    assert files(tmp_path) == []
