"""Towers that share the body of another: a tokenizer and an embedding table of their own, all else is the same."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.tokens import Tower

from xbench.errors import StageError
from xbench_aligners.target_tokenizer import read_tokenizer

GRAFTS = "grafts.json"
TABLE = "embeddings.safetensors"


@dataclass
class Graft(Tower):
    """A tower on the body of the tower of the language `body`."""

    body: str


def graft(encoder: TransformerEncoder, body: str, tokenizer: Any, table: torch.Tensor) -> Graft:
    """A tower with a tokenizer and its table, (pieces, width), and otherwise the very modules of another tower.

    Raises StageError where the body would take other tokens for padding than the tokenizer does.
    """
    module = encoder.tower(body).module
    for name, part in module.named_modules():
        # RoBERTa and its kin number positions from the padding id on.
        padding = getattr(part, "padding_idx", None) if name.endswith("position_embeddings") else None
        if padding is not None and padding != tokenizer.pad_token_id:
            has = f"the body counts positions from padding, id {padding}, which is {tokenizer.pad_token_id}"
            raise StageError(f"{has} in this tokenizer; use into=auto, or a tokenizer of the same family")
    return Graft(tokenizer, with_table(module, table.to(encoder.device), tokenizer.pad_token_id), body)


def with_table(module: Any, table: torch.Tensor, padding: int | None) -> Any:
    """The module with another table of input embeddings, (pieces, width); only what holds the table is copied."""
    old = module.get_input_embeddings()
    new = copy.copy(old)
    new._parameters = {"weight": torch.nn.Parameter(table)}
    new.num_embeddings, new.padding_idx = len(table), padding
    holders = {id(part) for part in module.modules() if any(one is old.weight for one in part.parameters())}
    # What a deep copy has met already it takes as it is: all that is shared, and the new in place of the old.
    met: dict[int, Any] = {id(one): one for one in module.parameters()}
    met |= {id(part): part for part in module.modules() if id(part) not in holders}
    met |= {id(old): new, id(old.weight): new.weight}
    made = copy.deepcopy(module, met)
    made.config.vocab_size, made.config.pad_token_id = len(table), padding
    return made


def grafted(encoder: TransformerEncoder, grafts: Mapping[str, Graft]) -> TransformerEncoder:
    """The encoder with these towers by language; they give states of their body's space, so no map is theirs."""
    made = TransformerEncoder({**encoder.towers, **grafts}, encoder.pooling, encoder.device)
    made.maps = {language: one for language, one in encoder.maps.items() if language not in grafts}
    return made


def save_grafts(encoder: TransformerEncoder, folder: Path) -> None:
    """Write tokenizer and table of every graft, a folder each, and whose body it is on."""
    grafts = {language: tower for language, tower in encoder.towers.items() if isinstance(tower, Graft)}
    for language, tower in grafts.items():
        own = folder / language
        tower.tokenizer.save_pretrained(own)
        table = tower.module.get_input_embeddings().weight
        save_file({"table": table.detach().cpu().contiguous()}, own / TABLE)
    bodies = {language: tower.body for language, tower in grafts.items()}
    (folder / GRAFTS).write_text(json.dumps(bodies) + "\n", encoding="utf-8")


def load_grafts(encoder: TransformerEncoder, folder: Path) -> TransformerEncoder:
    """The encoder with the grafts that `save_grafts` wrote. Raises StageError when they are broken."""
    try:
        bodies = json.loads((folder / GRAFTS).read_text(encoding="utf-8"))
        tables = {language: load_file(folder / language / TABLE)["table"] for language in bodies}
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise StageError(f"{folder}: the embeddings cannot be read: {str(error).splitlines()[0]}") from error
    return grafted(
        encoder,
        {
            language: graft(encoder, body, read_tokenizer(folder / language), tables[language])
            for language, body in bodies.items()
        },
    )
