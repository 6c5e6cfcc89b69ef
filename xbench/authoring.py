"""The commands for authors and users of plugins."""

import click

from xbench.checking import check_command


@click.group("plugin")
def plugin_command() -> None:
    """Check an installed plugin."""


plugin_command.add_command(check_command)
