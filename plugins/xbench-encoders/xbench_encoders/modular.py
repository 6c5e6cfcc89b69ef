"""Low-rank modules inside an encoder (LoRA, Hu et al. 2022): a language's is active for its text, a task's for all."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from xbench.errors import ModelError, StageError
from xbench_encoders.encoder import Tower, TransformerEncoder
from xbench_encoders.sampling import drawn_from
from xbench_encoders.tokens import Batch

TASK = "task"  # in place of a language: the module that is active for all of them
PLACES = ("q", "q_lin", "q_proj", "query", "query_proj", "v", "v_lin", "v_proj", "value", "value_proj")
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"  # as peft calls them
PREFIX = "base_model.model."  # what peft's files put before the names of weights


@dataclass(frozen=True)
class LowRank:
    """W + 2 B A at the queries and values of every layer, A and B of this rank; B is zero at the start."""

    rank: int
    dropout: float = 0.05


class ModularEncoder(TransformerEncoder):
    """An encoder with low-rank modules by language, and perhaps one of a task.

    For text of a language, its module and the task's are added to the weights; a language without one has the task's
    alone. Modules stay apart and are never merged. All are frozen but the one that is being `trained`.
    """

    def __init__(self, towers: Mapping[str, Tower], pooling: str, device: torch.device) -> None:
        super().__init__(towers, pooling, device)
        self.modules: dict[str, LowRank] = {}
        self.training: str | None = None

    @classmethod
    def of(cls, encoder: TransformerEncoder) -> "ModularEncoder":
        """The encoder with room for modules: towers, maps and modules are those of the one handed in, not copies."""
        made = cls(encoder.towers, encoder.pooling, encoder.device)
        made.maps = dict(encoder.maps)
        made.modules = dict(encoder.modules) if isinstance(encoder, ModularEncoder) else {}
        return made

    def add(self, language: str, shape: LowRank, seed: int) -> None:
        """Give a language, or the task, a module that changes nothing yet, drawn from the seed alone.

        Raises ModelError when the model has no layers it knows.
        """
        free = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        with drawn_from(seed):
            for tower in self._homes(language).values():
                config = LoraConfig(**_config(tower, shape))
                inject_adapter_in_model(config, tower, _adapter(language))
                del tower.peft_config  # else peft takes the next module for a mistake
        self.module.to(self.device).eval()
        self.modules[language] = shape
        self._free(free)

    @contextmanager
    def trained(self, language: str) -> Iterator[None]:
        """Inside, the module of a language or of the task can be trained, and all else is frozen."""
        before = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        self.training = language
        self._free(self._parameters(language))
        try:
            yield
        finally:
            self.training = None
            self._free(before)

    def _free(self, free: Sequence[torch.nn.Parameter]) -> None:
        self.module.requires_grad_(False)
        for parameter in free:
            parameter.requires_grad_(True)

    def _parameters(self, language: str) -> list[torch.nn.Parameter]:
        return [parameter for name, parameter in self.module.named_parameters() if _of(language, name)]

    def states(self, batch: Batch, layer: int | None = None) -> torch.Tensor:
        """Hidden states as of any encoder, with the modules of the batch's language and of the task."""
        self.activate(batch.language, [name for name in (batch.language, TASK) if name in self.modules])
        return super().states(batch, layer)

    def activate(self, language: str, names: Sequence[str]) -> None:
        """Have these modules and no others added to the weights of a language's tower."""
        wanted = [_adapter(name) for name in names]
        layers = [one for one in self.tower(language).module.modules() if isinstance(one, BaseTunerLayer)]
        if all(layer.active_adapters == wanted for layer in layers):
            return
        for layer in layers:
            layer.set_adapter(wanted, inference_mode=True)  # by itself it makes all that are active trainable
        for parameter in self._parameters(self.training) if self.training else ():
            parameter.requires_grad_(True)

    def share(self, language: str) -> str:
        """Languages of one share may stand in one batch: one that has a module stands alone."""
        return language if language in self.modules else super().share(language)

    def copy(self) -> "ModularEncoder":
        """An independent copy, modules and all."""
        made = self.of(super().copy())
        made.modules = dict(self.modules)
        return made

    def describe(self) -> dict[str, Any]:
        """As of any encoder, and what has a module; their parameters are counted with the others."""
        return super().describe() | {"modules": sorted(self.modules)}

    def save_module(self, language: str, folder: Path) -> None:
        """Write the module of a language or of the task as peft does: a folder of configuration and safetensors."""
        for name, tower in self._homes(language).items():
            (folder / name).mkdir()
            state = {f"{PREFIX}{_bare(key, language)}": value for key, value in _state(tower, language).items()}
            save_file({key: value.detach().cpu().contiguous() for key, value in state.items()}, folder / name / WEIGHTS)
            config = {"peft_type": "LORA"} | _config(tower, self.modules[language])
            (folder / name / CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")

    def load_module(self, language: str, folder: Path) -> None:
        """Give a language or the task the module that `save_module` wrote. Raises StageError when it does not fit."""
        homes = self._homes(language)
        try:
            texts = [(folder / name / CONFIG).read_text(encoding="utf-8") for name in homes]
            config = json.loads(texts[0])
            self.add(language, LowRank(config["r"], config["lora_dropout"]), seed=0)
            for name, tower in homes.items():
                wanted = _state(tower, language)
                found = load_file(folder / name / WEIGHTS, device=str(self.device))
                bare = {key: found.pop(f"{PREFIX}{_bare(key, language)}") for key in wanted}
                if found:
                    raise KeyError(min(found))
                tower.load_state_dict(bare, strict=False)
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise StageError(
                f"{folder}: the module of {language} does not fit: {str(error).splitlines()[0]}"
            ) from error

    def _homes(self, language: str) -> dict[str, Any]:
        """The transformers that hold a module, by the folder it is kept in: a task's stands in each."""
        if language != TASK:
            return {_adapter(language): self.tower(language).module}
        return {TASK if len(self.towers) == 1 else f"{TASK}_{at}": one.module for at, one in self.towers.items()}


class TaskEncoder(ModularEncoder):
    """An encoder that learns a task in a module alone: what it saves is that, for all else is as it was handed in."""

    def save(self, folder: Path) -> None:
        """Write the task's module."""
        self.save_module(TASK, folder)

    def load(self, folder: Path) -> "TaskEncoder":
        """Take the task's module that `save` wrote. Raises StageError when it does not fit."""
        self.load_module(TASK, folder)
        return self


def languages_in(folder: Path) -> list[str]:
    """The languages whose modules `save_module` wrote there."""
    return sorted(path.parent.name.removeprefix("language_") for path in folder.glob(f"language_*/{CONFIG}"))


def _adapter(language: str) -> str:
    return TASK if language == TASK else f"language_{language}"  # bare codes may be names of Module attributes


def _of(language: str, name: str) -> bool:
    """Whether a weight of that name is of the module of a language or of the task."""
    return f".{_adapter(language)}." in name


def _bare(name: str, language: str) -> str:
    return name.replace(f".{_adapter(language)}.", ".")


def _state(tower: torch.nn.Module, language: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in tower.state_dict().items() if _of(language, name)}


def _config(tower: torch.nn.Module, shape: LowRank) -> dict[str, Any]:
    """What peft is told of a module, as JSON. Raises ModelError when the model has no layers it knows."""
    there = {name.rpartition(".")[2] for name, _ in tower.named_modules()}
    places = [place for place in PLACES if place in there]
    if not places:
        raise ModelError(f"LoRA finds no queries and values in the model: no layer of it is called {', '.join(PLACES)}")
    return {"r": shape.rank, "lora_alpha": 2 * shape.rank, "lora_dropout": shape.dropout, "target_modules": places}
