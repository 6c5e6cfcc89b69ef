"""Models by folder, by hub id and in pairs: what is loaded, what is refused, and in which words."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from xbench_encoders.huggingface import FolderModel, HuggingFaceFamily, PairedModel

from tests.plugins import tiny
from xbench.errors import ModelError, UsageError

_spec = importlib.util.spec_from_file_location("hub_server", Path(__file__).parents[1] / "hub_server.py")
hub_server = importlib.util.module_from_spec(_spec)
sys.modules["hub_server"] = hub_server  # dataclasses look their module up
_spec.loader.exec_module(hub_server)

FAMILY = HuggingFaceFamily()
OLD, NEW = "a" * 40, "b" * 40
# Asks for the models one after the other and prints what came of each: commit and a state, or the error.
CLIENT = """
import json, sys
from xbench.errors import XbenchError
from xbench_encoders.huggingface import HuggingFaceFamily
said = []
for name in sys.argv[2:]:
    try:
        model = HuggingFaceFamily().resolve(name)
        info = model.info()
        one = {"id": info.id, "revision": info.revision}
        if sys.argv[1] == "load":
            import torch
            encoder = model.load("cpu")
            one["weight"] = float(encoder.embeddings()[0].detach().sum())
    except XbenchError as error:
        one = {"error": type(error).__name__, "text": str(error)}
    said.append(one)
print(json.dumps(said))
"""


@pytest.fixture
def model(tmp_path):
    return tiny.save_model(tmp_path / "model", seed=1)


def refused(model):
    """The one line that loading it gives."""
    with pytest.raises(ModelError) as caught:
        model.load("cpu")
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_folder_is_a_model_and_its_encoder_serves_every_language(model):
    found = FAMILY.resolve(str(model))
    encoder = found.load("cpu")
    assert tiny.same(tiny.weights(encoder), tiny.weights(tiny.encoder(seed=1)))
    assert encoder.tokenize(["house"], None, "sw", 16).lengths == [3]
    assert found.languages is None


def test_the_digest_names_weights_tokenizer_and_configuration_and_no_other_file(model):
    whole = FAMILY.resolve(str(model)).info()
    (model / "README.md").write_text("about")
    assert FAMILY.resolve(str(model)).info() == whole
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        kept = (model / name).read_bytes()
        (model / name).write_bytes(kept + b" ")
        assert FAMILY.resolve(str(model)).info().digest != whole.digest
        (model / name).write_bytes(kept)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    assert refused(FolderModel("m", tmp_path)) == f"{tmp_path}: is not a model folder: it has no config.json"


def test_weights_that_are_a_pickle_are_refused(model):
    (model / "model.safetensors").unlink()
    torch.save({}, model / "pytorch_model.bin")
    assert refused(FolderModel("m", model)) == f"{model}: has no safetensors weights; xbench loads no other kind"


def test_corrupt_weights_are_refused(model):
    (model / "model.safetensors").write_bytes(b"not at all safe")
    assert f"{model}: cannot be loaded as an encoder" in refused(FolderModel("m", model))


@pytest.mark.parametrize("text", ["{", "{}", '{"model_type": "no-such-kind"}'])
def test_a_configuration_that_cannot_be_read_is_refused(model, text):
    (model / "config.json").write_text(text)
    assert f"{model}: cannot be loaded as an encoder" in refused(FolderModel("m", model))


def test_a_model_without_tokenizer_files_is_refused(model):
    for file in model.glob("tokenizer*"):
        file.unlink()
    assert str(model) in refused(FolderModel("m", model))


def test_code_of_a_model_is_neither_run_nor_asked_about(model, capfd, monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda prompt="": asked.append(prompt) or "y")
    (model / "modeling_mine.py").write_text("raise SystemExit('this was run')")
    code = {"model_type": "mine", "auto_map": dict.fromkeys(("AutoConfig", "AutoModel"), "modeling_mine.Mine")}
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | code))
    assert "cannot be loaded as an encoder" in refused(FolderModel("m", model))
    assert asked == []
    assert "run the custom code" not in "".join(capfd.readouterr())


def test_a_pair_has_a_tower_per_language(tmp_path):
    first = tiny.save_model(tmp_path / "a", words=tiny.vocabulary("en"), seed=1)
    second = tiny.save_model(tmp_path / "b", words=tiny.vocabulary("zh"), seed=2)
    found = FAMILY.resolve(f"en={first},zh={second}")
    assert isinstance(found, PairedModel)
    assert found.languages == ("en", "zh")
    encoder = found.load("cpu")
    assert tiny.same(tiny.weights(encoder), tiny.weights(tiny.paired(en=1, zh=2)))
    assert encoder.tokenize(["house"], None, "en", 16).lengths == [3]
    assert encoder.tokenize(["house"], None, "zh", 16).lengths == [7]


def test_the_digest_of_a_pair_tells_which_model_is_whose(tmp_path):
    first, second = (tiny.save_model(tmp_path / str(seed), seed=seed) for seed in (1, 2))
    one, other = FAMILY.resolve(f"en={first},zh={second}"), FAMILY.resolve(f"en={second},zh={first}")
    assert one.info().digest != other.info().digest


def test_a_pair_of_unequal_widths_is_refused(tmp_path):
    first, second = tiny.save_model(tmp_path / "a", width=32), tiny.save_model(tmp_path / "b", width=16)
    with pytest.raises(ModelError, match="paired models need states of one width"):
        FAMILY.resolve(f"en={first},zh={second}").load("cpu")


def test_a_registered_model_may_be_part_of_a_pair(model):
    family = HuggingFaceFamily(registered={"small": FolderModel("small", model)})
    assert family.resolve(f"en=small,zh={model}").parts["en"].name == "small"


@pytest.mark.parametrize("text", ["en=", "en=a,zh", "en=a,zh=b=c"])
def test_a_broken_pair_is_refused(text):
    with pytest.raises(UsageError, match="write en=MODEL,zh=MODEL"):
        FAMILY.resolve(text)


def test_a_path_that_is_not_there_is_not_taken_for_a_hub_id():
    with pytest.raises(UsageError, match=r"\./nowhere: there is no such model folder"):
        FAMILY.resolve("./nowhere")
    assert FAMILY.resolve("two words") is None


def client(hub_or_environment, home, verb, *names):
    """Ask in a process of its own, since the hub's address is read once, at import."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    given = hub_or_environment
    environment |= given if isinstance(given, dict) else given.environment(str(home))
    command = [sys.executable, "-c", CLIENT, verb, *names]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr
    assert verb == "load" or "%" not in run.stderr, "a progress bar"
    return json.loads(run.stdout)


def repository(folder, revision, name="org/tiny"):
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files |= {"modeling_mine.py": b"raise SystemExit('run')", "pytorch_model.bin": b"pickle", "README.md": b"about"}
    return hub_server.Repository(name, revision, files, kind="models")


def test_a_hub_model_is_loaded_at_its_commit_and_nothing_executable_with_it(tmp_path):
    old, new = (tiny.save_model(tmp_path / str(seed), seed=seed) for seed in (1, 2))
    with hub_server.serve([repository(old, OLD), repository(new, NEW)]) as hub:
        client(hub, tmp_path / "other home", "info", "org/tiny")  # looking up a commit draws no bar
        hub.requests.clear()
        hub.broken.add("org/down")
        names = ("org/tiny", f"org/tiny@{OLD}", "org/tiny@v9", "org/absent", "org/down")
        newest, pinned, *failed = client(hub, tmp_path / "home", "load", *names)
    sums = {seed: float(tiny.encoder(seed=seed).embeddings()[0].detach().sum()) for seed in (1, 2)}
    assert (newest["revision"], newest["weight"]) == (NEW, sums[2])
    assert (pinned["id"], pinned["revision"], pinned["weight"]) == ("org/tiny", OLD, sums[1])
    assert failed[0]["text"] == "the hub has no model 'org/tiny@v9'; check the spelling, or name a folder"
    assert failed[1]["text"] == "the hub has no model 'org/absent'; check the spelling, or name a folder"
    assert failed[2]["text"].startswith("cannot ask the hub for 'org/down' and it is not in the local cache")
    fetched = {request.rpartition("/")[2] for request in hub.requests if "/resolve/" in request}
    assert fetched == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    asked = [request for request in hub.requests if "GET /api/models/org/tiny" in request and "/main" in request]
    asked = [request for request in asked if "/tree/" not in request]
    assert len(asked) == 1, "the branch is looked up once: what is loaded is what was planned"


def test_a_hub_that_cannot_be_reached_is_one_clear_line_at_once_and_a_cached_model_serves(tmp_path):
    folder = tiny.save_model(tmp_path / "m", seed=1)
    with hub_server.serve([repository(folder, NEW)]) as hub:
        environment = hub.environment(str(tmp_path / "home"))
        (loaded,) = client(environment, None, "load", "org/tiny")
    started = time.monotonic()
    cached, absent = client(environment, None, "info", "org/tiny", "org/other")
    assert time.monotonic() - started < 20, "without the client's retries, which take 23 seconds each"
    assert cached["revision"] == loaded["revision"] == NEW
    assert absent["error"] == "ModelError"
    assert absent["text"].startswith("cannot ask the hub for 'org/other' and it is not in the local cache")
    assert "\n" not in absent["text"]


def test_a_device_that_is_not_there_is_a_usage_error(model):
    with pytest.raises(UsageError, match="no such device; use auto, cpu, cuda or cuda:N"):
        FolderModel("m", model).load("toaster")
