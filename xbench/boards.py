"""The commands that make boards of results, publish them, and check that they hold."""

import logging
import sys
from pathlib import Path

import click

from xbench.errors import UsageError, XbenchError
from xbench.exchange import data_at
from xbench.registry import load_registry

log = logging.getLogger("xbench")
MISMATCH = 4  # exit code
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("leaderboard")
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["markdown", "html", "csv", "json"]), default="markdown", show_default=True
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option("--check", is_flag=True, help="Fail where it differs from the file (-o; README.md by default).")
@click.option("--reference", is_flag=True, help="Add published numbers, apart from the rows.")
@click.option("--diagnostics", is_flag=True, help="Add how well languages meet in the encoders, whatever the task.")
def leaderboard_command(
    results: Path, form: str, output: Path | None, check: bool, reference: bool, diagnostics: bool
) -> None:
    """Make the board of a results folder or file."""
    from xbench import render, session

    if check and form != "markdown" and not output:
        raise UsageError(f"--check with --format {form} needs -o: README.md holds the board as Markdown")
    text = session.board(results, form, reference, diagnostics)
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
    """Write a folder to publish: results with their predictions, suite, board, and what made them."""
    from xbench.publish import publish

    for remark in publish(results, output, load_registry()):
        log.warning(remark)
    log.info("published in %s", output)


@click.command("verify")
@click.argument("results", type=_FOLDER)
@click.option("--level", type=click.Choice(["rescore"]), default="rescore", show_default=True,
              help="rescore: every score again from the kept predictions and the gold.")  # fmt: skip
@click.option("--data", envvar="XBENCH_DATA", help="A folder of official files, or 'hub', where they were scored.")
def verify_command(results: Path, level: str, data: str | None) -> None:
    """Check that results are what they say. Exit code 4 where they are not."""
    from xbench import render, session, verify

    found = session.read_results(results)
    report = verify.Rescore(results, load_registry(), data_at(data)).report(found)
    click.echo(verify.to_text(report))
    faults = [verify.sealed(results)]
    try:
        board = session.board(results)
    except XbenchError as error:
        faults.append(f"no board can be made of these results: {error}")
    else:
        if (results / "README.md").is_file() and render.check(board, results / "README.md"):
            faults.append("README.md is not the board of these results; see `xbench leaderboard --check`")
    for fault in filter(None, faults):
        log.error(fault)
    if report.differences or any(faults):
        sys.exit(MISMATCH)
