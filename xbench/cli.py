"""The command line: reads arguments, calls one function, prints what comes back."""

import json
import logging
import os
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from xbench import __version__, catalogue
from xbench.authoring import plugin_command
from xbench.boards import leaderboard_command, publish_command
from xbench.comparing import diff_command, merge_command
from xbench.errors import UsageError, XbenchError, unknown
from xbench.exchange import data_at, export_command, import_command
from xbench.names import seeds_of, split_list, split_models
from xbench.registry import KINDS, load_registry
from xbench.request import DEFAULT_MODEL, Request
from xbench.verifying import verify_command

log = logging.getLogger("xbench")
KIND = click.Choice([*(kind + "s" for kind in KINDS), "plugins"])


def _config(context: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Make the keys of a config file the defaults of the flags; `plan` takes those of `run`, so that one file does."""
    if path is None:
        return None
    try:
        values = {key.replace("-", "_"): value for key, value in tomllib.loads(path.read_text("utf-8")).items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot read the configuration: {error}") from error
    known = {option.name: option for option in run_command.params if option.name and option.name != "config"}
    for key, value in values.items():
        if key not in known:
            raise unknown(f"key of {path}", key, known)
        if getattr(known[key], "multiple", False) and not isinstance(value, list):
            values[key] = [str(value)]  # else click would take a text for a list of letters
    context.default_map = values
    return path


def _grid_options(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that `run` and `plan` share; each is also the variable XBENCH_<FLAG>."""
    many: dict[str, Any] = {"multiple": True}
    declared: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("--suite",), {"required": True, "help": "Suite, or a suite file: xnli, xnli[train=snli], my.toml."}),
        (("--methods",), many | {"help": "Recipes: finetune, adversarial+finetune; by default the suite's."}),
        (("--models",), many | {"default": (DEFAULT_MODEL,), "help": "Models: a name, org/name@revision, a folder, or"
                                " en=a,zh=b."}),
        (("--languages",), many | {"help": "Target languages (BCP 47); all there are by default."}),
        (("--source",), many | {"help": "Source languages, each by itself: en,de,zh; the suite's by default."}),
        (("--seeds",), many | {"default": ("0",), "help": "Seeds, such as 0,1,2."}),
        (("--data",), {"help": "A folder of official files, or 'hub'; the bundled sample by default."}),
        (("--output", "-o"), {"type": click.Path(path_type=Path, file_okay=False), "default": Path("xbench-runs"),
                              "show_default": True, "help": "Where results and the store go."}),
        (("--stand-ins/--no-stand-ins",), {"default": True, "show_default": True, "help": "Whether a suite's stand-ins"
                                           " serve where the data lack what it trains on or evaluates."}),
        (("--allow-leakage",), {"is_flag": True, "help": "Run what has seen test examples in training, and mark it."}),
        (("--limit",), {"type": click.IntRange(min=1), "help": "Read at most this many rows of each split."}),
        (("--device",), {"default": "auto", "help": "auto, cpu, cuda, cuda:1, mps."}),
        (("--config",), {"type": click.Path(path_type=Path), "is_eager": True, "expose_value": False,
                         "callback": _config, "help": "A TOML file whose keys are these flags."}),
    ]  # fmt: skip
    for flags, settings in reversed(declared):
        variable = "XBENCH_" + flags[0].removeprefix("--").partition("/")[0].replace("-", "_").upper()
        command = click.option(*flags, envvar=variable, **settings)(command)
    return command


def _session(**given: Any) -> Any:
    from xbench.session import open_session

    place, output = given.pop("data"), given.pop("output")
    data = data_at(place)
    given["sources"] = given.pop("source")
    given |= {name: tuple(split_list(given[name])) for name in ("methods", "languages", "sources")}
    given |= {"models": tuple(split_models(given["models"])), "seeds": seeds_of(given["seeds"])}
    return open_session(Request(data=data, **given), load_registry(), output)


def _dashed(token: str) -> str:
    """Long flags accept `_` for `-`; click hands the name over without its dashes."""
    return token.replace("_", "-")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": _dashed})
@click.option("--debug", is_flag=True, envvar="XBENCH_DEBUG", help="Show tracebacks.")
@click.version_option(__version__, prog_name="xbench")
def cli(debug: bool) -> None:
    """Run grids of model x aligner x method x language x seed and rank them on a reproducible board."""
    log.setLevel(logging.DEBUG if debug else logging.INFO)


@cli.command("run")
@_grid_options
@click.option("--jobs", "-j", type=click.IntRange(min=1), default=1, envvar="XBENCH_JOBS", help="Worker processes.")
@click.option("--dry-run", is_flag=True, envvar="XBENCH_DRY_RUN", help="Print the plan and stop.")
def run_command(dry_run: bool, jobs: int, **given: Any) -> None:
    """Run a grid; what is finished is not run again. Prints the board."""
    from xbench import session as sessions

    session = _session(**given)
    if dry_run:
        click.echo(sessions.describe(session))
        return
    for remark in session.plan.remarks:
        log.info(remark)
    summary = sessions.carry_out(session, jobs)
    click.echo(sessions.board(session.folder), nl=False)
    counts = ", ".join(f"{count} {status}" for status, count in summary.counts.items() if count)
    log.info(
        "%s (%d of them were there already); %d trainings run; results: %s",
        counts, summary.reused, summary.trainings(), session.folder,
    )  # fmt: skip
    sys.exit(sessions.exit_code(summary))


@cli.command("plan")
@_grid_options
def plan_command(**given: Any) -> None:
    """Print the stages of a grid, what is cached, how many trainings, and what is skipped and why."""
    from xbench.session import describe

    click.echo(describe(_session(**given)))


@cli.command("list")
@click.argument("kind", type=KIND)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(kind: str, as_json: bool) -> None:
    """List what the installed plugins provide."""
    records = catalogue.rows(load_registry(), kind.removesuffix("s"))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    click.echo(json.dumps(records, indent=1) if as_json else catalogue.to_text(records, width))


@cli.command("show")
@click.argument("kind", type=click.Choice([*KINDS, "plugin"]))
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show_command(kind: str, name: str, as_json: bool) -> None:
    """Show one task, suite, model, aligner, method or plugin."""
    record = catalogue.show(load_registry(), kind, name)
    click.echo(json.dumps(record, indent=1) if as_json else catalogue.record_to_text(record))


for _command in (
    leaderboard_command, publish_command, verify_command, diff_command, merge_command, import_command, export_command,
    plugin_command,
):  # fmt: skip
    cli.add_command(_command)


def main() -> None:
    """Entry point: every error becomes one clear line and an exit code."""
    # Threads that spin while they wait take the cores from each other when two processes share a machine: a training
    # step was measured 35 times slower. Read by OpenMP when torch is first imported; the user's own setting stays.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    from xbench.progress import Console

    log.addHandler(Console())
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(2 if isinstance(error, click.UsageError) else 1)
    except XbenchError as error:
        log.debug("", exc_info=True)
        log.error("xbench: %s", error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        log.error("xbench: interrupted; the same command resumes")
        sys.exit(130)
    except Exception as error:  # one line all the same
        log.debug("", exc_info=True)
        sys.exit(f"xbench: fault in xbench or a plugin (--debug shows where): {type(error).__name__}: {error}")
