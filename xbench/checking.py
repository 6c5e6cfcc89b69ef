"""The command that holds an installed plugin to the contract."""

import json
import sys
from pathlib import Path

import click

from xbench.errors import StoreError
from xbench.names import split_list

REPORT, VERDICT, BADGE = "check.md", "check.json", "badge.json"


@click.command("check")
@click.argument("distribution")
@click.option("--only", multiple=True, help="Try these aligners and methods alone, with options if wanted: adversarial"
              "[steps=20].")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False),
              help=f"Write {REPORT}, {VERDICT} and {BADGE}, an endpoint badge of shields.io, here.")  # fmt: skip
def check_command(distribution: str, only: tuple[str, ...], as_json: bool, output: Path | None) -> None:
    """Hold a DISTRIBUTION with plugins to the contract, on tiny tasks in two invented languages.

    Exit code 1 where it has faults, 2 where there is no such distribution.
    """
    from xbench.plugin_check import check

    report = check(distribution, split_list(only))
    verdict = json.dumps(report.to_json(), indent=1) + "\n"
    if output is not None:
        texts = {REPORT: report.to_markdown(), VERDICT: verdict, BADGE: json.dumps(report.badge()) + "\n"}
        try:
            output.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                (output / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{output}: cannot be written: {error.strerror or error}") from error
    click.echo(verdict if as_json else report.to_markdown(), nl=False)
    sys.exit(0 if report.passed else 1)
