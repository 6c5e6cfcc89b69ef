"""Reading from the hub of `tests.hub_server`: its repositories, and unmodified clients in a process of their own."""

import io
import json
import os
import subprocess
import sys

import pyarrow
import pyarrow.parquet

from tests import hub_server

# Loads splits, and prints of each what came of it: what the core would show, or the error's kind and text.
CLIENT = """
import json, sys
from dataclasses import replace
from xbench.contracts import Data, Origin, Split
from xbench.errors import XbenchError
from xbench_tasks.hooks import xbench_tasks
tasks = {task.name: task for task in xbench_tasks()}

def load(name, language, split, changes):
    first = tasks[name].candidates[0]
    changed = tuple(replace(first, **change) for change in changes) if changes else tasks[name].candidates
    try:
        examples = replace(tasks[name], candidates=changed).load(language, Split(split), Data(Origin.HUB))
    except XbenchError as error:
        return {"error": type(error).__name__, "text": str(error)}
    provenance = examples.provenance
    said = {"inputs": examples.inputs.to_pydict(), "gold": examples.gold.to_pydict(), "note": provenance.note}
    return said | {"id": provenance.id, "revision": provenance.revision, "origin": provenance.origin}

sys.stdout.write(json.dumps([load(*one) for one in json.loads(sys.argv[1])]))
"""


def load(home, hub, *asked):
    """What comes of loading splits: task, language, split and, where not as they are, changes that make candidates.

    `changes` are made to the task's first candidate, once per candidate. `home` is the client's cache.
    """
    requests = [[task.name, *rest, *[[]] * (3 - len(rest))] for task, *rest in asked]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= hub.environment(str(home))
    command = [sys.executable, "-c", CLIENT, json.dumps(requests)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "%" not in run.stderr, "a progress bar"
    return json.loads(run.stdout)


def parquet(columns, features=None):
    """The bytes of a Parquet file, as datasets writes it when the features are given."""
    table = pyarrow.table(columns)
    if features:
        metadata = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": metadata})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def repository(task, files, **changes):
    """A repository with the id and commit of the task's first candidate, unless they are changed."""
    candidate = task.candidates[0]
    return hub_server.Repository(**({"id": candidate.id, "revision": candidate.revision} | changes), files=files)
