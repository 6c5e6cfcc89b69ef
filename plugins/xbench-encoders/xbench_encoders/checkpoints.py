"""Where a long training stands, in a safetensors file: a killed one goes on to the very weights it would have had."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file


@dataclass(frozen=True)
class Progress:
    """Updates made so far, mean losses of the intervals behind, losses of the one under way."""

    step: int
    losses: list[float]
    interval: list[float]


@dataclass(frozen=True)
class Checkpoint:
    """A file that is written every so many updates, beside its place and then renamed; `settings` must match.

    It holds the module, the optimisers and the generators, so going on gives the numbers of an uninterrupted run.
    """

    path: Path
    every: int
    settings: Mapping[str, Any]

    def due(self, step: int) -> bool:
        """Whether to save after so many updates."""
        return step % self.every == 0

    def save(
        self,
        progress: Progress,
        module: torch.nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        device: torch.device,
    ) -> None:
        """Write everything. The file exists whole or not at all."""
        tensors = {f"module.{name}": value for name, value in module.state_dict().items()}
        for number, optimizer in enumerate(optimizers):
            for index, state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{number}.{index}.{name}": value for name, value in state.items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(device)
        plain = {name: value.detach().to("cpu").contiguous().clone() for name, value in tensors.items()}
        where = {"step": progress.step, "losses": progress.losses, "interval": progress.interval}
        beside = self.path.with_name(f".{self.path.name}.new")
        save_file(plain, beside, metadata={"progress": json.dumps(where), "settings": self._settings()})
        beside.replace(self.path)

    def restore(
        self, module: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer], device: torch.device
    ) -> Progress:
        """Load what was saved, or start at nothing. Raises ValueError when the file is of another training."""
        if not self.path.exists():
            return Progress(0, [], [])
        with safe_open(self.path, framework="pt", device="cpu") as file:
            metadata = file.metadata()
            if metadata["settings"] != self._settings():
                other = metadata["settings"]
                raise ValueError(f"{self.path} is of another training ({other}); move it away to start anew")
            tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
        module.load_state_dict({n.removeprefix("module."): v for n, v in tensors.items() if n.startswith("module.")})
        for number, optimizer in enumerate(optimizers):
            optimizer.load_state_dict(optimizer.state_dict() | {"state": _states(tensors, f"optimizer.{number}.")})
        torch.set_rng_state(tensors["random.cpu"])
        if device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], device)
        return Progress(**json.loads(metadata["progress"]))

    def _settings(self) -> str:
        return json.dumps(dict(self.settings), sort_keys=True)


def _states(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[int, dict[str, torch.Tensor]]:
    """Per parameter what its optimiser keeps."""
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(prefix):
            index, _, key = name.removeprefix(prefix).partition(".")
            states.setdefault(int(index), {})[key] = value
    return states
