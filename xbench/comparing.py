"""The commands that put results side by side: `diff` and `merge`."""

import logging
import sys
from pathlib import Path
from typing import Any

import click

from xbench.boards import MISMATCH
from xbench.errors import UsageError
from xbench.exchange import data_at
from xbench.isolation import isolated
from xbench.registry import load_registry

log = logging.getLogger("xbench")
_RESULTS = click.Path(path_type=Path)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("diff")
@click.argument("a", type=_RESULTS)
@click.argument("b", type=_RESULTS, required=False)
@click.option("--model-a", help="The row of A, where there are several.")
@click.option("--recipe-a", help="The same.")
@click.option("--model-b", help="The row of B, where there are several.")
@click.option("--recipe-b", help="The same.")
@click.option("--items", type=click.IntRange(min=1), help="Show so many examples that one side alone has right, of each"
              " language and side.")  # fmt: skip
@click.option("--data", envvar="XBENCH_DATA", help="A folder of official files, or 'hub', where they were scored.")
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def diff_command(a: Path, b: Path | None, items: int | None, form: str, output: Path | None, **given: Any) -> None:
    """Compare results, row by row; of one folder two rows."""
    from xbench import diff, diff_text, session, sides
    from xbench.exports import Choice
    from xbench.flips import Reader
    from xbench.verify import Rescore

    chosen = [Choice(given[f"model_{side}"], given[f"recipe_{side}"]) for side in ("a", "b")]
    rows = sides.pairs(a, b or a, *chosen)
    reader = Reader(Rescore(a, load_registry(), data_at(given["data"])), items) if items else None
    with isolated():
        text = {"markdown": diff_text.to_markdown, "json": diff.to_json}[form](diff.diff(rows, reader))
    text = text.encode("utf-8", "backslashreplace").decode()  # a command may hold a file name that is no UTF-8
    if output:
        session.write(output, text)
    else:
        click.echo(text, nl=False)


@click.command("merge")
@click.argument("results", type=_FOLDER, nargs=-1, required=True)
@click.option("--output", "-o", type=_FOLDER, required=True, help="The folder to write; what is there is replaced.")
@click.option("--prefer", type=click.Choice(["FIRST", "LAST"]), help="Whose result to take of a cell that they tell"
              " differently, in the order of the folders.")  # fmt: skip
def merge_command(results: tuple[Path, ...], output: Path, prefer: str | None) -> None:
    """Join results of several machines or people. Exit code 4, and nothing is written, where they disagree."""
    from xbench import merge

    if len(results) < 2:
        raise UsageError("name two or more folders to merge")
    merged = merge.merge(merge.read(results), prefer or merge.FIRST)
    if merged.conflicts:
        click.echo(merge.to_text(merged.conflicts))
        cells = f"cells told differently: {len(merged.conflicts)}"
        if prefer is None:
            log.error("%s; nothing is written; --prefer FIRST or LAST takes what one of the folders tells", cells)
            sys.exit(MISMATCH)
        log.warning("%s; of each the %s is taken, that stands first above", cells, prefer.lower())
    for remark in merge.write(merged, output, load_registry()):
        log.warning(remark)
    log.info("%d results of %d folders merged in %s", len(merged.results), len(results), output)
