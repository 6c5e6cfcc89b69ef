"""Another process that plans the same grids and dies in the first fit: `python -m xbench.killed FOLDER`.

It reads `asked.json` of the folder, [kind, recipe name with options, method after it, model, place] of each part,
writes `keys.json`, the keys of each plan, and fits the first part until that reads something.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xbench import names
from xbench.lab import Lab, Part
from xbench.trials import Trial

ASKED, KEYS = "asked.json", "keys.json"
KILLED = 137  # what a shell says of a process that was killed
PATIENCE = 300  # seconds


def kill(folder: Path, trials: Sequence[Trial]) -> None:
    """Have another process plan the trials and die in the first; tells them what came of it."""
    parts = [(trial.part, trial.model, trial.place) for trial in trials]
    asked = [[part.kind, str(part.name), part.after, model, place] for part, model, place in parts]
    (folder / ASKED).write_text(json.dumps(asked), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-m", "xbench.killed", str(folder)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as other:  # noqa: S603
        try:
            _, errors = other.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            other.kill()
            errors = f"it was not done in {PATIENCE} seconds"
    if not (folder / KEYS).is_file():
        lines = errors.strip().splitlines() or ["it said nothing"]
        for trial in trials:
            trial.trouble = f"another process cannot plan what this one can: {lines[-1]}"
        return
    for trial, keys in zip(trials, json.loads((folder / KEYS).read_text(encoding="utf-8")), strict=True):
        trial.elsewhere = keys
    trials[0].killed = other.returncode == KILLED


def main(folder: Path) -> None:
    """What the other process does."""
    lab = Lab.opened(folder)
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    parts = []
    for kind, text, after, *_ in asked:
        name = names.parse(text)
        parts.append(Part(kind, lab.registry.find(kind, name.name), name, after))
    keys = [list(lab.plan(part, model)[0].stages()) for part, (*_, model, _) in zip(parts, asked, strict=True)]
    (folder / KEYS).write_text(json.dumps(keys), encoding="utf-8")
    dying = replace(lab, on_read=lambda: os._exit(KILLED))
    *_, model, place = asked[0]
    dying.run(parts[0], model, f"{place}-again")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
