"""The encoder: text of a named language to states, by whatever tokenizer and module that language has."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from xbench.errors import ModelError, StageError

WEIGHTS = "encoder.safetensors"
ANY = "*"  # the tower of every language that has none of its own


@dataclass
class Tower:
    """One tokenizer with its transformer (a `PreTrainedModel` that gives `last_hidden_state`)."""

    tokenizer: Any
    module: Any

    @property
    def dimension(self) -> int:
        """Width of the states."""
        return int(self.module.config.hidden_size)


@dataclass(frozen=True)
class Tokens:
    """Tokenized rows of one language: ids, token types, and per token the side it belongs to (0, 1; -1 special)."""

    language: str
    ids: Sequence[Sequence[int]]
    types: Sequence[Sequence[int]]
    sides: Sequence[Sequence[int]]

    @property
    def lengths(self) -> list[int]:
        """Tokens per row, special tokens included."""
        return [len(row) for row in self.ids]


@dataclass(frozen=True)
class Words:
    """Sentences of words, tokenized: each row of `tokens` is a sentence or, of one that is too long, a part of it.

    By row, `firsts` are the positions of the words' first sub-words and `sentences` the sentence it belongs to; the
    rows of a sentence stand in order, and all its words have a place in them.
    """

    tokens: Tokens
    firsts: Sequence[Sequence[int]]
    sentences: Sequence[int]


def joined(parts: Sequence[Tokens]) -> Tokens:
    """Rows of languages that share a tower, one after the other."""
    return Tokens(
        parts[0].language,
        [row for part in parts for row in part.ids],
        [row for part in parts for row in part.types],
        [row for part in parts for row in part.sides],
    )


@dataclass(frozen=True)
class Batch:
    """Padded rows: ids, attention mask, token types and sides, each (rows, tokens); padding has side -1."""

    language: str
    ids: torch.Tensor
    mask: torch.Tensor
    types: torch.Tensor
    sides: torch.Tensor


class TransformerEncoder:
    """Towers by language; `pooling` is what the model was trained with: `cls` or `mean`.

    One multilingual model is a single tower under `*`; paired monolingual models have a tower each. All towers have
    the same width.
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

    def tower(self, language: str) -> Tower:
        """The tower of a language. Raises ModelError when it has none."""
        found = self.towers.get(language) or self.towers.get(ANY)
        if found is None:
            raise ModelError(f"the encoder has no part for {language}; it has {', '.join(self.towers)}")
        return found

    def share(self, language: str) -> str:
        """Languages of one share may stand in one batch: they go through the same tower."""
        return language if language in self.towers else ANY

    def tokenize(self, texts: Sequence[str], pairs: Sequence[str] | None, language: str, max_length: int) -> Tokens:
        """Tokenize texts, or pairs of them, cut to `max_length` tokens (the longer side first)."""
        tokenizer = self.tower(language).tokenizer
        if not texts:
            return Tokens(language, [], [], [])
        second = list(pairs) if pairs is not None else None
        limit = min(max_length, longest(self.tower(language)))
        coded = tokenizer(list(texts), second, truncation="longest_first", max_length=limit)
        return _tokens(coded, language)

    def tokenize_words(self, sentences: Sequence[Sequence[str]], language: str, max_length: int) -> Words:
        """Tokenize sentences that are split into words already; none is cut off: longer ones become several rows.

        A word that the tokenizer leaves nothing of is the unknown token, as in XTREME's scripts; of a word that does
        not fit into a row by itself only the beginning is read. A sentence without words has no row.
        """
        tower = self.tower(language)
        limit = min(max_length, longest(tower))
        sizes = _subwords(tower.tokenizer, sentences)
        unknown = tower.tokenizer.unk_token or "?"
        rows: list[list[str]] = []
        owners: list[int] = []
        for at, (words, counts) in enumerate(zip(sentences, sizes, strict=True)):
            known = [word if count else unknown for word, count in zip(words, counts, strict=True)]
            for start, end in _windows(counts, limit - tower.tokenizer.num_special_tokens_to_add()):
                rows.append(known[start:end])
                owners.append(at)
        if not rows:
            return Words(Tokens(language, [], [], []), [], [])
        coded = tower.tokenizer(rows, is_split_into_words=True, truncation=True, max_length=limit)
        firsts = [_firsts(coded.word_ids(row), len(words)) for row, words in enumerate(rows)]
        return Words(_tokens(coded, language), firsts, owners)

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
        """Hidden states, (rows, tokens, dimension): the last, or those after `layer` layers (0: the embeddings).

        A negative layer counts from the last, -1. Raises ModelError where there is none of that number.
        """
        module = self.tower(batch.language).module
        inputs = {"input_ids": batch.ids, "attention_mask": batch.mask}
        if getattr(module.config, "type_vocab_size", 0) > 1:
            inputs["token_type_ids"] = batch.types
        if layer is None:
            states: torch.Tensor = module(**inputs).last_hidden_state
            return states
        every: Sequence[torch.Tensor] = module(**inputs, output_hidden_states=True).hidden_states
        if not -len(every) <= layer < len(every):
            raise ModelError(f"there is no layer {layer}: the model has {len(every) - 1}, and 0 is its embeddings")
        return every[layer]

    def embeddings(self) -> list[torch.nn.Parameter]:
        """The token embedding tables, to freeze or replace."""
        return [tower.module.get_input_embeddings().weight for tower in self.towers.values()]

    def copy(self) -> "TransformerEncoder":
        """An independent copy; tokenizers are shared, since nothing changes them."""
        towers = {
            language: Tower(tower.tokenizer, copy.deepcopy(tower.module)) for language, tower in self.towers.items()
        }
        return TransformerEncoder(towers, self.pooling, self.device)

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
        """Write all weights as safetensors."""
        save_file(_plain(self.module.state_dict()), folder / WEIGHTS)

    def load(self, folder: Path) -> "TransformerEncoder":
        """Read the weights that `save` wrote into this encoder. Raises StageError when they do not fit."""
        try:
            self.module.load_state_dict(load_file(folder / WEIGHTS, device=str(self.device)), strict=True)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise StageError(f"{folder / WEIGHTS}: the weights do not fit: {str(error).splitlines()[0]}") from error
        return self


def _tokens(coded: Any, language: str) -> Tokens:
    ids = coded["input_ids"]
    types = coded.get("token_type_ids") or [[0] * len(row) for row in ids]
    sides = [[-1 if side is None else side for side in coded.sequence_ids(row)] for row in range(len(ids))]
    return Tokens(language, ids, types, sides)


def _subwords(tokenizer: Any, sentences: Sequence[Sequence[str]]) -> list[list[int]]:
    """How many sub-words every word has."""
    if not sentences:
        return []
    coded = tokenizer([list(words) for words in sentences], is_split_into_words=True, add_special_tokens=False,
                      verbose=False)  # fmt: skip
    found = [[0] * len(words) for words in sentences]
    for row, counts in enumerate(found):
        for word in coded.word_ids(row):
            counts[word] += 1
    return found


def _windows(counts: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Stretches of words, as long as their sub-words leave room; a word too long for any stands alone."""
    start = used = 0
    for at, count in enumerate(counts):
        size = max(1, count)  # a word of no sub-words becomes the unknown token
        if at > start and used + size > room:
            yield start, at
            start, used = at, 0
        used += size
    if counts:
        yield start, len(counts)


def _firsts(owners: Sequence[int | None], words: int) -> list[int]:
    """The position of each word's first sub-word. Raises ModelError when the tokenizer leaves one out."""
    found: dict[int, int] = {}
    for position, word in enumerate(owners):
        if word is not None:
            found.setdefault(word, position)
    if len(found) != words:
        raise ModelError(f"the tokenizer leaves {words - len(found)} of {words} words without a token")
    return [found[word] for word in range(words)]


def _module_name(language: str) -> str:
    return "tower_all" if language == ANY else f"tower_{language}"  # bare codes may be names of Module attributes


def _plain(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Contiguous copies on the CPU: safetensors refuses tensors that share memory."""
    return {name: value.detach().to("cpu").contiguous().clone() for name, value in state.items()}


def longest(tower: Tower) -> int:
    """The most tokens the model can take: its tokenizer's limit, or its position table less the padding offset."""
    limit = int(min(tower.tokenizer.model_max_length, 10**6))
    positions = getattr(tower.module.config, "max_position_embeddings", None)
    if not positions:
        return limit
    tables = [module for name, module in tower.module.named_modules() if name.endswith("position_embeddings")]
    # RoBERTa and its kin count positions from the padding id on, and leave that row and those before it unused.
    skipped = max(
        (table.padding_idx + 1 for table in tables if getattr(table, "padding_idx", None) is not None), default=0
    )
    return int(min(limit, positions - skipped))


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
