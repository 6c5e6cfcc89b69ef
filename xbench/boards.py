"""The commands that make boards of results."""

from pathlib import Path

import click

from xbench.errors import UsageError, XbenchError


@click.command("leaderboard")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["markdown", "csv", "json"]), default="markdown", show_default=True)
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
