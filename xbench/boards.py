"""The commands that make boards of results and publish them."""

import logging
from pathlib import Path
from typing import Any

import click

from xbench.errors import UsageError, XbenchError
from xbench.forms import FORMS, Extras
from xbench.registry import load_registry

log = logging.getLogger("xbench")
MISMATCH = 4  # exit code
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("leaderboard")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="markdown", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option("--check", is_flag=True, help="Fail where it differs from the file (-o; README.md by default).")
@click.option("--reference", "published", is_flag=True, help="Add published numbers, apart from the rows.")
@click.option("--diagnostics", "readings", is_flag=True,
              help="Add how well languages meet in the encoders, whatever the task.")  # fmt: skip
@click.option(
    "--costs",
    "spent",
    is_flag=True,
    help="Add what rows cost: seconds, memory, trained parameters, energy, and which are worth it.",
)
@click.option("--typology", type=_FOLDER, metavar="DIR",
              help="Add typology of the languages, and the regression of transfer gaps on it, from URIEL: the files of "
                   "lang2vec in DIR/lang2vec.")  # fmt: skip
@click.option("--baseline", default="", metavar="RECIPE",
              help="Compare rows with this one of their model; by default plain fine-tuning, else the first by name "
                   "that has no aligner.")  # fmt: skip
def leaderboard_command(results: Path, form: str, output: Path | None, check: bool, **asked: Any) -> None:
    """Make the board of a results folder or file."""
    from xbench import render, session

    if check and form != "markdown" and not output:
        raise UsageError(f"--check with --format {form} needs -o: README.md holds the board as Markdown")
    text = session.board(results, form, Extras(**asked))
    if check:
        if difference := render.check(text, output or (results if results.is_dir() else results.parent) / "README.md"):
            raise XbenchError(f"the board differs from the file:\n{difference}")
    elif output:
        session.write(output, text)
    else:
        click.echo(text, nl=False)


@click.command("publish")
@click.argument("results", type=_FOLDER)
@click.option("--output", "-o", type=_FOLDER, required=True, help="The folder to write; what is there is replaced.")
def publish_command(results: Path, output: Path) -> None:
    """Write a folder to publish: results, board and what made them.

    Results come with their predictions, the board as README.md and, to look at, as index.html.
    """
    from xbench.publish import publish

    for remark in publish(results, output, load_registry()):
        log.warning(remark)
    log.info("published in %s", output)
