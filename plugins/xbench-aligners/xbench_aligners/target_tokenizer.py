"""The tokenizer of a target language: read from a folder or the hub, or trained to be like the source's."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from xbench.errors import ModelError, StageError
from xbench_aligners.vocabulary import ROLES

KINDS = ("WordPiece", "BPE", "Unigram")
KEPT = ("model_max_length", "model_input_names", "padding_side", "truncation_side")
_FALLBACK = tuple(f"<0x{byte:02X}>" for byte in range(256))


def read_tokenizer(place: str | Path) -> Any:
    """The tokenizer of a folder or hub id (`org/name@revision`). Raises ModelError, in one line, if it is unfit."""
    name, _, revision = (str(place), "", "") if Path(place).is_dir() else str(place).partition("@")
    try:
        # Without an explicit no, transformers asks on the terminal whether to run the tokenizer's own code.
        found = AutoTokenizer.from_pretrained(name, revision=revision or "main", trust_remote_code=False)
    except Exception as error:  # the libraries raise many kinds, down to bare Exception from Rust
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{place}: cannot be loaded as a tokenizer: {lines[0]}") from error
    if not found.is_fast:
        raise ModelError(f"{place}: has no fast tokenizer (tokenizer.json)")
    return found


def train_tokenizer(like: Any, texts: Sequence[str], pieces: int) -> PreTrainedTokenizerFast:
    """A tokenizer of the make of another, special tokens included, its pieces learned from texts by merging.

    Merges are those of BPE (Sennrich et al. 2016), also for WordPiece, and for Unigram, whose own training gives
    another result each time. There are at most `pieces`, unless letters and special tokens alone are more. The
    special tokens come first, in the order of the other's. Raises StageError for a tokenizer of whole words.
    """
    backend = like.backend_tokenizer
    make = json.loads(backend.to_str())
    kind = make["model"]["type"]
    if kind not in KINDS:
        raise StageError(f"the source's tokenizer is of the kind {kind}; one of {', '.join(KINDS)} can be trained anew")
    special = [token.content for _, token in sorted(like.added_tokens_decoder.items()) if token.special]
    prefix = make["model"].get("continuing_subword_prefix") or ""
    first = [*special, *like.all_special_tokens, *(_FALLBACK if make["model"].get("byte_fallback") else ())]
    # A trainer that meets `##` before a letter by itself numbers them by chance, and with them breaks ties of merges.
    first += [start + letter for start in dict.fromkeys(("", prefix)) for letter in _letters(backend, texts)]
    learner = Tokenizer(models.BPE(unk_token=like.unk_token))
    if backend.normalizer:
        learner.normalizer = backend.normalizer
    if backend.pre_tokenizer:
        learner.pre_tokenizer = backend.pre_tokenizer
    affixes = {name: make["model"].get(name) for name in ("continuing_subword_prefix", "end_of_word_suffix")}
    trainer = trainers.BpeTrainer(
        vocab_size=pieces,
        special_tokens=list(dict.fromkeys(first)),
        show_progress=False,
        **{name: affix for name, affix in affixes.items() if affix},
    )
    learner.train_from_iterator(texts, trainer)
    return _made(like, make, json.loads(learner.to_str())["model"])


def _letters(backend: Any, texts: Sequence[str]) -> list[str]:
    """All letters that pieces are made of, as the tokenizer writes them, and every byte where it writes bytes."""
    found = set(pre_tokenizers.ByteLevel.alphabet()) if "ByteLevel" in str(backend.pre_tokenizer) else set()
    for text in texts:
        normal = backend.normalizer.normalize_str(text) if backend.normalizer else text
        parts = backend.pre_tokenizer.pre_tokenize_str(normal) if backend.pre_tokenizer else [(normal, None)]
        found.update(letter for part, _ in parts for letter in part)
    return sorted(found)


def _made(like: Any, make: dict[str, Any], learned: dict[str, Any]) -> PreTrainedTokenizerFast:
    """The other tokenizer with what was learned in place of its pieces."""
    ids = learned["vocab"]
    match make["model"]["type"]:
        case "WordPiece":
            model = make["model"] | {"vocab": ids}
        case "BPE":
            model = make["model"] | {"vocab": ids, "merges": learned["merges"]}
        case _:
            model = learned | {"byte_fallback": bool(make["model"].get("byte_fallback"))}
    added = [token | {"id": ids[token["content"]]} for token in make["added_tokens"] if token["special"]]
    make |= {"model": model, "added_tokens": sorted(added, key=lambda token: int(token["id"]))}
    for part in _parts(make["post_processor"]):
        for token in part.get("special_tokens", {}).values():
            token["ids"] = [ids[name] for name in token["tokens"]]
        part |= {end: [part[end][0], ids[part[end][0]]] for end in ("cls", "sep") if end in part}
    roles = {f"{role}_token": getattr(like, f"{role}_token", None) for role in ROLES}
    kept = {name: getattr(like, name) for name in KEPT}
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(make)),
        **{role: token for role, token in roles.items() if token is not None},
        **kept,
    )


def _parts(processor: Any) -> Iterator[dict[str, Any]]:
    """A post-processor, or those that a sequence of them consists of."""
    if processor:
        yield processor
        for part in processor.get("processors", ()):
            yield from _parts(part)
