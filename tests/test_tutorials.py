"""The tutorials of the site: every command runs as it is shown, and prints what is shown below it."""

import pytest

from tests.tutorials import PAGES, Visitor, alike, renewed, steps

PAGE = """
text
```console
$ one
a 1
...
$ two \\
  more
b 2
```
```python
$ none
```
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_tutorial_shows_what_happens(page, tmp_path):
    visitor = Visitor(tmp_path)
    found = steps(page.read_text(encoding="utf-8"))
    assert len(found) >= 4
    for step in found:
        code, printed = visitor.run(step.command)
        told = f"{step.command}: {code}\n" + "\n".join(printed)
        assert alike(step.shown, printed), told
        assert (code != 0) == any(line.startswith("xbench: ") for line in step.shown), told


def test_every_tutorial_and_the_guide_to_publishing_show_commands():
    assert {path.stem for path in PAGES} >= {"publishing", "first-aligner", "first-method", "first-task"}


def test_steps_are_the_commands_of_console_blocks_with_what_they_print():
    assert [(step.command, step.shown) for step in steps(PAGE)] == [
        ("one", ["a 1", "..."]),
        ("two \\\n  more", ["b 2"]),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a 1.5"], ["a  1.5"], True),
        (["12 cells hold, 0 differ"], ["0 cells hold, 12 differ"], False),
        (["| 1 | a | 55.2 (50 to -1.5) |"], ["|   1 | a |  57.0 (52 to -3.1) |"], True),
        (["| 1 | a | 55.2 |"], ["| 2 | a | 55.2 |"], False),
        (["| 1 | a | 55.2 |"], ["| 1 | a | 11.2 |"], False),
        (["| 1 | a | 55.2 |"], ["| 1 | b | 55.2 |"], False),
        (["to run  96d292b1  fit"], ["to run  00d292b1  fit"], True),
        (["a"], ["a", "b"], False),
        (["a", "..."], ["a", "b"], True),
        (["...", "b"], ["a", "b"], True),
        (["...", "b", "..."], ["a", "c"], False),
        (["a", "...", "c", "...", "e"], ["a", "b", "c", "d", "e"], True),
        (["a", "...", "c", "...", "b"], ["a", "b", "c"], False),
        (["a", "...", "a"], ["a"], False),
        ([], [], True),
        ([], ["a"], False),
    ],
)
def test_output_may_differ_in_numbers_and_where_it_says_so(shown, printed, same):
    assert alike(shown, printed) is same


class Told:
    def run(self, command):
        return 0, ["a 7", "z", "y"] if command == "one" else ["c"]


def test_a_page_is_renewed_with_what_is_printed_and_leaves_out_what_it_left_out():
    assert renewed(PAGE, Told()) == PAGE.replace("a 1", "a 7").replace("b 2", "c")
