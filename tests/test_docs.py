"""The site: where links of the repository's pages lead, and that the page of the contract has all of it."""

import dataclasses
import enum
import inspect
import re
from pathlib import Path

import pytest

from docs import conf, contract_page
from tests.conftest import REPOSITORY
from xbench import context, contracts, errors, formats, hookspecs, tables, tasks, testing, values
from xbench.plugins import members

README, METHODS = "README.md", "plugins/xbench-methods/README.md"


@pytest.mark.parametrize(
    ("file", "link", "led"),
    [
        (README, "[boards](leaderboards/)", "[boards](/boards.md)"),
        (README, "[boards](leaderboards)", "[boards](/boards.md)"),
        (README, "[code](xbench/contracts.py)", "[code](/reference/contract.md)"),
        (README, "[code](docs/reference/contract.md#task)", "[code](/reference/contract.md#task)"),
        (README, "[a\nb](plugins/xbench-methods/README.md#resources)", "[a\nb](/components.md#resources)"),
        (README, "[tests/example_plugin](tests/example_plugin)", "`tests/example_plugin`"),
        (README, "[`tests`](tests)", "`tests`"),
        (README, "[licence](LICENSE)", "[licence](/../LICENSE)"),
        (README, "[here](#submit-a-board)", "[here](#submit-a-board)"),
        (README, "[there](https://example.org/a#b)", "[there](https://example.org/a#b)"),
        (README, "[x](leaderboards/bli)", "[x](site:boards/bli/index.html)"),
        (METHODS, "[x](../../leaderboards/bli/README.md)", "[x](site:boards/bli/index.html)"),
        (METHODS, "[front](../../README.md)", "[front](/index.md)"),
    ],
)
def test_a_link_leads_to_what_the_site_has(file, link, led):
    assert conf.on_site(f"See {link}.", file, "index") == f"See {led}."


def test_a_link_to_a_board_goes_up_from_a_page_that_lies_deeper():
    led = conf.on_site("[x](leaderboards/bli/README.md)", README, "reference/contract")
    assert led == "[x](site:../boards/bli/index.html)"


@pytest.mark.parametrize("code", ["`[a](tests)`", "```\n[a](tests)\n```", "```python\nx = [a](tests)\n```"])
def test_code_is_left_as_it_is(code):
    assert conf.on_site(f"{code}\n\n[a](tests)", README, "index") == f"{code}\n\n`a`"


def test_what_only_cog_or_a_hub_reads_is_left_out():
    text = "---\nlicense: mit\n---\n# A\n<!-- [[[cog\ncog.outl('b')\n]]] -->\nb\n<!-- [[[end]]] -->\nc\n"
    assert conf.on_site(text, README, "index") == "# A\nb\nc\n"
    assert "[[[" not in conf.on_site((REPOSITORY / README).read_text(encoding="utf-8"), README, "index")


@pytest.mark.parametrize("file", [path for path in conf.PAGES if path.endswith(".md")])
def test_links_of_what_is_included_lead_to_pages_boards_or_files(file):
    text = conf.on_site((REPOSITORY / file).read_text(encoding="utf-8"), file, "index")
    for led in re.findall(r"\]\((/[^)#]+|site:[^)]+)", text):
        board = re.fullmatch(r"site:boards/(.+)", led)
        path = conf.BOARDS / board[1] if board else REPOSITORY / "docs" / led.removeprefix("/")
        assert path.is_file(), led


def test_every_board_is_in_the_list():
    lines = conf.boards(conf.BOARDS).splitlines()
    names = [re.match(r"\* \[(.+?)\]\(site:boards/\1/index\.html\): ", line)[1] for line in lines]
    assert names == sorted(path.name for path in conf.BOARDS.iterdir())
    assert "15 languages, 1 seed; `xnli-sample`." in lines[names.index("xnli-sample")]


@pytest.fixture(scope="module")
def page():
    return contract_page.page()


def sections(page):
    """What stands below each heading, by its text; the first word of a function's is its class."""
    parts = re.split(r"^#{2,4} (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def forms():
    """Every contract there is."""
    found = [one for module in (tasks, context, contracts, formats) for one in vars(module).values()]
    return {one for one in found if getattr(one, "_is_protocol", False) and one.__module__.startswith("xbench.")}


def test_headings_are_anchors_of_their_own(page):
    titles = re.findall(r"^#{2,4} (.+)$", page, re.MULTILINE)
    assert len({title.lower() for title in titles}) == len(titles)


def test_the_number_and_all_changes_are_on_the_page(page):
    said = sections(page)["Number and changes"]
    assert f"This is contract {contracts.CONTRACT}" in said
    assert all(f"| {number} | {what} |" in " ".join(said.split()) for number, what in contracts.CHANGES.items())


def test_every_kind_of_task_has_its_columns_on_the_page(page):
    rows = {line.split("`")[1]: line for line in sections(page)["Tables"].splitlines() if line.startswith("| `")}
    assert list(rows) == list(values.TaskKind)
    for kind, columns in tables.COLUMNS.items():
        assert all(f"`{name}`" in rows[kind] for name in (*columns.inputs, *columns.optional, columns.answer))


def test_every_hook_is_on_the_page(page):
    hooks = [name for name in vars(hookspecs) if name.startswith("xbench_")]
    assert list(contract_page.hooks()) == hooks
    said = {line.split("`")[1]: line for line in " ".join(sections(page)["Hooks"].split()).split(" * ")[1:]}
    for name, (declared, line) in zip(hooks, said.items(), strict=True):
        assert declared.startswith(f"{name}() -> Iterable[")
        assert inspect.getdoc(getattr(hookspecs, name)) in line


@pytest.mark.parametrize("form", sorted(forms(), key=lambda one: one.__name__), ids=lambda one: one.__name__)
def test_every_member_of_every_contract_is_on_the_page(page, form):
    found = sections(page)
    assert inspect.getdoc(form).splitlines()[-1] in found[form.__name__]
    for name in members(form):
        member = inspect.getattr_static(form, name)
        said = " ".join(inspect.getdoc(member).split())
        if isinstance(member, property):
            assert f"\n| `{name}` " in found[form.__name__]
            assert said in found[form.__name__]
        else:
            assert f"def {name}(" in found[f"{form.__name__}.{name}"]
            assert said in " ".join(found[f"{form.__name__}.{name}"].split())


def test_every_value_is_on_the_page(page):
    found, classes = sections(page), contract_page.classes(values)
    assert {values.Split, values.Examples, values.Provenance} <= set(classes)
    for cls in classes:
        names = [one.name for one in (cls if issubclass(cls, enum.Enum) else dataclasses.fields(cls))]
        assert names
        assert all(f"\n| `{name}` " in found[cls.__name__] for name in names)
    assert all(f"\n{name} = " in page for name in ("PAIRED", "MEASURING"))


def test_what_tests_of_plugins_may_use_and_every_error_is_on_the_page(page):
    found = sections(page)
    assert set(testing.__all__) <= set(found)
    assert all(one.__name__ in found["Errors"] for one in contract_page.classes(errors))


def test_the_page_follows_the_code(page, monkeypatch):
    def fit(self, encoder, context: "pyarrow.Table", split: values.Split = values.Split.TEST) -> Path | None:  # noqa: F821
        """Says something else."""

    monkeypatch.setattr(contracts.Aligner, "fit", fit)
    monkeypatch.setattr(hookspecs.xbench_tasks, "__doc__", "Return other tasks.")
    changed = contract_page.page()
    assert "def fit(self, encoder, context: pyarrow.Table, split: Split = Split.TEST) -> Path | None\n" in changed
    assert "Says something else." in changed
    assert "Return other tasks." in changed
    assert "Says something else." not in page
    assert "Return other tasks." not in page


def test_a_long_signature_has_a_line_for_each_parameter():
    def long(first_of_its_parameters: str, second_of_its_parameters: str, third_of_its_parameters: str) -> None: ...

    assert contract_page.signature(long).splitlines()[1] == "    first_of_its_parameters: str,"
