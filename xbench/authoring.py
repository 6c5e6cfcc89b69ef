"""The commands for authors and users of plugins: `plugin list` and `plugin new`."""

import json
import shutil
import sys
from typing import Any

import click

from xbench import catalogue
from xbench.errors import PluginError
from xbench.isolation import isolated
from xbench.registry import Registry, survey


def patience(command: Any) -> Any:
    """The option of commands that list: how long a plugin is waited for."""
    return click.option("--patience", type=click.FloatRange(min=0, min_open=True), default=5.0, show_default=True,
                        envvar="XBENCH_PATIENCE", metavar="SECONDS",
                        help="Leave out a plugin whose import takes longer.")(command)  # fmt: skip


@click.group("plugin")
def plugin_command() -> None:
    """List the installed plugins, or begin one."""


@plugin_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@patience
def list_plugins_command(as_json: bool, patience: float) -> None:
    """List plugins: name, distribution, version, what each provides; and the broken ones with reasons."""
    print_list(survey(patience), "plugin", as_json)


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
    if registry.collisions:
        raise PluginError("; ".join(registry.collisions))
