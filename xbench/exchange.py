"""The commands that exchange predictions with others: `export` and `import`."""

import json
import logging
from pathlib import Path
from typing import Any

import click

from xbench.contracts import Data, Origin
from xbench.errors import UsageError
from xbench.isolation import isolated
from xbench.registry import load_registry

log = logging.getLogger("xbench")
_FOLDER = click.Path(path_type=Path, file_okay=False)


def data_at(place: str | None) -> Data:
    """What `--data` names: a folder, the hub, or without it the bundled samples. Raises UsageError."""
    if place is None:
        return Data(Origin.SAMPLE)
    if place == "hub":
        return Data(Origin.HUB)
    if Path(place).is_dir():
        return Data(Origin.FOLDER, Path(place))
    raise UsageError(f"--data {place}: there is no such folder; name a folder of official files, or 'hub'")


@click.command("export")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--format", "form", required=True, help="The form of the files, see `xbench list formats`.")
@click.option("--output", "-o", type=_FOLDER, required=True, help="A new or empty folder.")
@click.option("--data", envvar="XBENCH_DATA", help="The data that were predicted, where files name examples by them.")
@click.option("--model", help="Whose predictions, where the results are of several.")
@click.option("--recipe", help="The same.")
@click.option("--seed", type=int, help="The same.")
def export_command(results: Path, form: str, output: Path, data: str | None, **choice: Any) -> None:
    """Write the predictions of one model, recipe and seed as a submission."""
    from xbench import exports
    from xbench.shelf import Shelf

    registry = load_registry()
    shelf = Shelf(data_at(data)) if data else None
    with isolated():
        tree = exports.export(results, registry.find("format", form), registry, exports.Choice(**choice), shelf)
    exports.write_tree(tree.files, output)
    for remark in tree.remarks:
        log.warning(remark)
    log.info("%d files written into %s", len(tree.files), output)


@click.command("import")
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--format", "form", required=True, help="The form of the files, see `xbench list formats`.")
@click.option("--labels", type=_FOLDER, help="Score against files of labels, called as those of predictions are.")
@click.option("--data", help="Score against the tasks' own data: a folder of official files, or 'hub'.")
@click.option("--partial", is_flag=True, help="Score tasks that lack a language too; they have no official average.")
@click.option("--name", help="What to call the model; the folder's name by default.")
@click.option("--output", "-o", type=_FOLDER, help="Add to the results here, as `run` does.")
@click.option("--json", "report", type=click.Path(path_type=Path, dir_okay=False),
              help="Write what the official scorer writes.")  # fmt: skip
def import_command(
    predictions: Path, form: str, name: str | None, output: Path | None, report: Path | None, **given: Any
) -> None:
    """Score a submission with the official scorers. Prints its board."""
    from xbench import imports, session
    from xbench.shelf import Shelf
    from xbench.submission import score_tree

    if (given["labels"] is None) == (given["data"] is None):
        raise UsageError("say what to score against: --labels LABELS or --data DIR, one of them")
    registry = load_registry()
    gold = given["labels"] or Shelf(data_at(given["data"]))
    with isolated():
        submission = score_tree(predictions, registry.find("format", form), registry, gold, given["partial"])
    found = imports.results(submission, predictions.resolve().name if name is None else name)
    if output:
        folder = imports.keep(submission, found, output)
        text = session.board(folder)
    else:
        text = imports.board(submission, found)
    if report:
        session.write(report, json.dumps(submission.report(), indent=1, allow_nan=False) + "\n")
    click.echo(text, nl=False)
    for remark in submission.remarks:
        log.warning(remark)
    log.info("%d files scored%s", len(found), f"; results: {folder}" if output else "")
