"""The commands for authors and users of plugins: `plugin list`, `plugin new` and `plugin check`."""

import json
import logging
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from xbench import catalogue
from xbench.checking import check_command
from xbench.errors import PluginError
from xbench.isolation import isolated
from xbench.registry import Registry, survey

log = logging.getLogger("xbench")
BEGUN = ("method", "aligner", "task", "model", "suite")  # the kinds that there are templates of


def patience(command: Any) -> Any:
    """The option of commands that list: how long a plugin is waited for."""
    return click.option("--patience", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True,
                        envvar="XBENCH_PATIENCE", metavar="SECONDS",
                        help="Leave out a plugin whose import takes longer.")(command)  # fmt: skip


@click.group("plugin")
def plugin_command() -> None:
    """List the installed plugins, begin one, or check one."""


@plugin_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@patience
def list_plugins_command(as_json: bool, patience: float) -> None:
    """List plugins: name, distribution, version, what each provides; and the broken ones with reasons."""
    print_list(survey(patience), "plugin", as_json)


@plugin_command.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(BEGUN), required=True, help="What it adds.")
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), default=Path(),
              help="Where its folder is made; here by default.")  # fmt: skip
def new_command(name: str, kind: str, output: Path) -> None:
    """Begin a plugin: a distribution NAME that installs, passes its tests and runs as it is."""
    from xbench import scaffold

    named = scaffold.Named(name)
    scaffold.check_free(named, kind, survey())
    files = scaffold.render(named, kind)
    folder = output / name
    scaffold.write(files, folder)
    click.echo("\n".join([f"{len(files)} files written into {folder}; next:", *scaffold.steps(named, kind, folder)]))


plugin_command.add_command(check_command)


def print_list(registry: Registry, kind: str, as_json: bool) -> None:
    """Print what there is of a kind. Raises PluginError after that, where plugins collide."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    with isolated():
        records = catalogue.rows(registry, kind)
    if as_json:
        text = json.dumps(records, indent=1)
    elif kind == "plugin":
        text = catalogue.plugins_to_text(registry.plugins, width)
    else:
        text = catalogue.to_text(records, width)
    click.echo(text)
    if kind != "plugin" and registry.broken_note():
        log.warning(registry.broken_note().removeprefix("; "))
    if registry.collisions:
        raise PluginError("; ".join(registry.collisions))
