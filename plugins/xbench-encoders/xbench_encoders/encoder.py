"""The encoder: text of a named language to states, by whatever tokenizer and module that language has."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from xbench.errors import ModelError, StageError
from xbench_encoders.tokens import (
    Batch,
    Tokens,
    Tower,
    Words,
    firsts_of,
    joined,
    longest,
    subwords,
    tokens_of,
    windows,
)

__all__ = [
    "ANY",
    "Affine",
    "Batch",
    "Tokens",
    "Tower",
    "TransformerEncoder",
    "Words",
    "joined",
    "load_tower",
    "longest",
]
WEIGHTS = "encoder.safetensors"
MAPS = "maps.safetensors"
_PARTS = ("weight", "bias")
ANY = "*"  # the tower of every language that has none of its own


@dataclass(frozen=True)
class Affine:
    """A map of states, `states @ weight + bias`: weight (d, d), bias (d,)."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """The mapped states, (..., d)."""
        return states @ self.weight.to(states.dtype) + self.bias.to(states.dtype)

    def then(self, other: "Affine") -> "Affine":
        """This map and then the other, as one."""
        return Affine(self.weight @ other.weight, self.bias @ other.weight + other.bias)


class TransformerEncoder:
    """Towers by language; `pooling` is what the model was trained with: `cls` or `mean`.

    One multilingual model is a single tower under `*`; paired monolingual models have a tower each. All towers have
    the same width; they may share modules. `maps` are applied to the last states of their language.
    """

    def __init__(self, towers: Mapping[str, Tower], pooling: str, device: torch.device) -> None:
        widths = {language: tower.dimension for language, tower in towers.items()}
        if len(set(widths.values())) != 1:
            raise ModelError(f"paired models need states of one width; these have {widths}")
        self.towers = dict(towers)
        self.pooling = pooling
        self.device = device
        self.dimension = next(iter(widths.values()))
        modules = {_module_name(language): tower.module for language, tower in self.towers.items()}
        self.module = torch.nn.ModuleDict(modules).to(device).eval()
        self.maps: dict[str, Affine] = {}

    def tower(self, language: str) -> Tower:
        """The tower of a language. Raises ModelError when it has none."""
        found = self.towers.get(language) or self.towers.get(ANY)
        if found is None:
            raise ModelError(f"the encoder has no part for {language}; it has {', '.join(self.towers)}")
        return found

    def share(self, language: str) -> str:
        """Languages of one share may stand in one batch: they go through the same tower and have no map."""
        return language if language in self.towers or language in self.maps else ANY

    def map(self, language: str, weight: Any, bias: Any) -> None:
        """Map the last states of a language, after what they are mapped by already: weight (d, d), bias (d,)."""
        parts = (torch.as_tensor(one, dtype=torch.float32, device=self.device) for one in (weight, bias))
        more = Affine(*parts)
        self.maps[language] = self.maps[language].then(more) if language in self.maps else more

    def tokenize(self, texts: Sequence[str], pairs: Sequence[str] | None, language: str, max_length: int) -> Tokens:
        """Tokenize texts, or pairs of them, cut to `max_length` tokens (the longer side first)."""
        tokenizer = self.tower(language).tokenizer
        if not texts:
            return Tokens(language, [], [], [])
        second = list(pairs) if pairs is not None else None
        limit = min(max_length, longest(self.tower(language)))
        coded = tokenizer(list(texts), second, truncation="longest_first", max_length=limit)
        return tokens_of(coded, language)

    def tokenize_words(self, sentences: Sequence[Sequence[str]], language: str, max_length: int) -> Words:
        """Tokenize sentences that are split into words already; none is cut off: longer ones become several rows.

        A word that the tokenizer leaves nothing of is the unknown token, as in XTREME's scripts; of a word that does
        not fit into a row by itself only the beginning is read. A sentence without words has no row.
        """
        tower = self.tower(language)
        limit = min(max_length, longest(tower))
        sizes = subwords(tower.tokenizer, sentences)
        unknown = tower.tokenizer.unk_token or "?"
        rows: list[list[str]] = []
        owners: list[int] = []
        for at, (words, counts) in enumerate(zip(sentences, sizes, strict=True)):
            known = [word if count else unknown for word, count in zip(words, counts, strict=True)]
            for start, end in windows(counts, limit - tower.tokenizer.num_special_tokens_to_add()):
                rows.append(known[start:end])
                owners.append(at)
        if not rows:
            return Words(Tokens(language, [], [], []), [], [])
        coded = tower.tokenizer(rows, is_split_into_words=True, truncation=True, max_length=limit)
        firsts = [firsts_of(coded.word_ids(row), len(words)) for row, words in enumerate(rows)]
        return Words(tokens_of(coded, language), firsts, owners)

    def batch(self, tokens: Tokens, rows: Sequence[int]) -> Batch:
        """Pad the rows to the longest of them, on the encoder's device."""
        width = max(len(tokens.ids[row]) for row in rows)
        padding = self.tower(tokens.language).tokenizer.pad_token_id or 0
        return Batch(
            tokens.language,
            self._padded([tokens.ids[row] for row in rows], width, padding),
            self._padded([[1] * len(tokens.ids[row]) for row in rows], width, 0),
            self._padded([tokens.types[row] for row in rows], width, 0),
            self._padded([tokens.sides[row] for row in rows], width, -1),
        )

    def _padded(self, rows: Sequence[Sequence[int]], width: int, padding: int) -> torch.Tensor:
        return torch.tensor([[*row, *[padding] * (width - len(row))] for row in rows], device=self.device)

    def states(self, batch: Batch, layer: int | None = None) -> torch.Tensor:
        """Hidden states, (rows, tokens, dimension): the last, mapped, or those after `layer` layers (0: embeddings).

        A negative layer counts from the last, -1. Raises ModelError where there is none of that number.
        """
        module = self.tower(batch.language).module
        inputs = {"input_ids": batch.ids, "attention_mask": batch.mask}
        if getattr(module.config, "type_vocab_size", 0) > 1:
            inputs["token_type_ids"] = batch.types
        if batch.positions is not None:
            inputs["position_ids"] = batch.positions
        if layer is None:
            states: torch.Tensor = module(**inputs).last_hidden_state
            return self.maps[batch.language](states) if batch.language in self.maps else states
        every: Sequence[torch.Tensor] = module(**inputs, output_hidden_states=True).hidden_states
        if not -len(every) <= layer < len(every):
            raise ModelError(f"there is no layer {layer}: the model has {len(every) - 1}, and 0 is its embeddings")
        return every[layer]

    def embeddings(self) -> list[torch.nn.Parameter]:
        """The token embedding tables, to freeze or replace."""
        return [tower.module.get_input_embeddings().weight for tower in self.towers.values()]

    def copy(self) -> "TransformerEncoder":
        """An independent copy; tokenizers are shared, since nothing changes them."""
        modules = copy.deepcopy({language: tower.module for language, tower in self.towers.items()})  # at once: shared
        towers = {language: Tower(tower.tokenizer, modules[language]) for language, tower in self.towers.items()}
        made = TransformerEncoder(towers, self.pooling, self.device)
        made.maps = dict(self.maps)
        return made

    def describe(self) -> dict[str, Any]:
        """Parameters, dtype, width and device."""
        parameters = list(self.module.parameters())
        return {
            "parameters": sum(parameter.numel() for parameter in parameters),
            "dtype": str(parameters[0].dtype).removeprefix("torch."),
            "dimension": self.dimension,
            "device": str(self.device),
        }

    def save(self, folder: Path) -> None:
        """Write all weights, and the maps, as safetensors."""
        save_file(_plain(self.module.state_dict()), folder / WEIGHTS)
        self.save_maps(folder)

    def save_maps(self, folder: Path) -> None:
        """Write the maps, if there are any, as safetensors."""
        parts = {f"{name} {language}": getattr(one, name) for language, one in self.maps.items() for name in _PARTS}
        if parts:
            save_file(_plain(parts), folder / MAPS)

    def load(self, folder: Path) -> "TransformerEncoder":
        """Read the weights that `save` wrote into this encoder. Raises StageError when they do not fit."""
        try:
            self.module.load_state_dict(load_file(folder / WEIGHTS, device=str(self.device)), strict=True)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise StageError(f"{folder / WEIGHTS}: the weights do not fit: {str(error).splitlines()[0]}") from error
        return self.load_maps(folder)

    def load_maps(self, folder: Path) -> "TransformerEncoder":
        """Take the maps that `save_maps` wrote, if any, in place of its own. Raises StageError when they are broken."""
        file = folder / MAPS
        try:
            parts = load_file(file, device=str(self.device)) if file.is_file() else {}
            languages = dict.fromkeys(name.partition(" ")[2] for name in parts)
            self.maps = {at: Affine(*(parts[f"{name} {at}"] for name in _PARTS)) for at in languages}
        except (OSError, KeyError, SafetensorError) as error:
            raise StageError(f"{file}: the maps cannot be read: {str(error).splitlines()[0]}") from error
        return self


def _module_name(language: str) -> str:
    return "tower_all" if language == ANY else f"tower_{language}"  # bare codes may be names of Module attributes


def _plain(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Contiguous copies on the CPU: safetensors refuses tensors that share memory."""
    return {name: value.detach().to("cpu").contiguous().clone() for name, value in state.items()}


def load_tower(folder: Path) -> Tower:
    """Read tokenizer and encoder from a local folder: safetensors only, no code of the model's own.

    Raises ModelError, in one line, on anything that is not a usable model.
    """
    from transformers import AutoConfig, AutoModel, AutoTokenizer, logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        # Without an explicit no, transformers asks on the terminal whether to run the model's own code.
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        module = AutoModel.from_pretrained(
            folder, config=config, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        )
    except Exception as error:  # the libraries raise many kinds, down to bare Exception from Rust
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{folder}: cannot be loaded as an encoder: {lines[0]}") from error
    known = int(getattr(config, "vocab_size", 0))
    if known and len(tokenizer) < known // 2:
        raise ModelError(f"{folder}: its tokenizer has {len(tokenizer)} entries, its model {known}; are files missing?")
    if config.is_encoder_decoder:
        module = module.get_encoder()
    return Tower(tokenizer, module)
