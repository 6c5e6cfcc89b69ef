"""The tokenizer: byte-pair encoding with byte fallback over about equal amounts of text of every language."""

import json
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from corpus import LANGUAGES, Pair
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

SIZE = 40_960
CHARACTERS = 400_000  # of training text a language
ALPHABET = 4_500  # characters with an entry of their own; rarer ones (mostly Chinese) are spelled in bytes
LONGEST = 16  # characters a piece: keeps whole Thai and Chinese phrases out of the vocabulary
MAX_LENGTH = 128
SPECIAL = {
    "bos_token": "<s>",
    "pad_token": "<pad>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
    "cls_token": "<s>",
    "sep_token": "</s>",
}

log = logging.getLogger("mini.tokenizer")


def training_texts(pairs: Sequence[Pair], generator: np.random.Generator) -> list[str]:
    """CHARACTERS of text of every language, sentences in random order first, then words."""
    sides: dict[str, dict[str, bool]] = {language: {} for language in ("en", *LANGUAGES)}
    for pair in pairs:
        sides["en"].setdefault(pair.english, pair.is_sentence)
        sides[pair.language].setdefault(pair.other, pair.is_sentence)
    chosen: list[str] = []
    for language, texts in sides.items():
        known = list(texts)
        order = generator.permutation(len(known))
        ranked = sorted((known[index] for index in order), key=lambda text: not texts[text])
        size = 0
        for text in ranked:
            if size >= CHARACTERS:
                break
            chosen.append(text)
            size += len(text)
        log.info("tokenizer: %d characters of %s", size, language)
    return chosen


def alphabet(normalizer: normalizers.Normalizer, texts: Sequence[str]) -> list[str]:
    """The ALPHABET most frequent characters, ties by code point: the trainer's own choice among ties is random."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalizer.normalize_str(text))
    counts["▁"] = counts.pop(" ", 0) + len(texts)  # word starts are marked
    return sorted(counts, key=lambda character: (-counts[character], character))[:ALPHABET]


def train_tokenizer(texts: Sequence[str]) -> Tokenizer:
    """A BPE of SIZE pieces: NFKC, lower case, marked word starts, punctuation marks and digits alone."""
    special = list(dict.fromkeys(SPECIAL.values()))
    octets = [f"<0x{value:02X}>" for value in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL["unk_token"], byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
            pre_tokenizers.Punctuation("isolated"),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=special + octets,
        limit_alphabet=ALPHABET,
        initial_alphabet=alphabet(tokenizer.normalizer, texts),
        max_token_length=LONGEST,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _finished(_plain_octets(tokenizer, len(special)))


def _plain_octets(tokenizer: Tokenizer, special: int) -> Tokenizer:
    """The same with byte pieces as ordinary entries, so that the text "<0x41>" is not read as one."""
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["id"] < special]
    return Tokenizer.from_str(json.dumps(state))


def _finished(tokenizer: Tokenizer) -> Tokenizer:
    """Add the frame `<s> a </s> b </s>` with types 0 and 1, and how to go back to text."""
    mask = AddedToken(SPECIAL["mask_token"], special=True, lstrip=True, normalized=False)
    tokenizer.add_special_tokens([mask])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s>:0 $A:0 </s>:0",
        pair="<s>:0 $A:0 </s>:0 $B:1 </s>:1",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")],
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def write_tokenizer(texts: Sequence[str], folder: Path) -> None:
    """Train on the texts and save tokenizer.json and tokenizer_config.json."""
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(texts),
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        model_max_length=MAX_LENGTH,
        padding_side="right",
        truncation_side="right",
        clean_up_tokenization_spaces=False,
        **SPECIAL,
    )
    if len(wrapped) != SIZE:
        raise ValueError(f"{len(wrapped)} entries, expected {SIZE}: too little training text")
    wrapped.save_pretrained(folder)
    path = folder / "tokenizer.json"  # written anew without blanks, a merge as one text: half the size
    state = json.loads(path.read_text(encoding="utf-8"))
    state["model"]["merges"] = [" ".join(merge) for merge in state["model"]["merges"]]
    path.write_text(json.dumps(state, ensure_ascii=False, separators=(",", ":")), encoding="utf-8", newline="\n")
