"""Translation by a sequence-to-sequence model of the Hugging Face hub or of a folder: mBART, M2M-100, NLLB, Opus-MT."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xbench.contracts import ModelInfo
from xbench.errors import ModelError, StageError
from xbench_methods.translation import Translator

ROWS = 32  # translated at once
LONGEST = 256  # tokens of a text, and of its translation; what is longer is cut


@dataclass(frozen=True)
class ByModel:
    """A provider that translates by beam search; nothing is loaded before something is translated."""

    model: Any
    info: ModelInfo
    beams: int
    device: str

    @classmethod
    def of(cls, name: str, beams: int, device: str) -> "ByModel":
        """The model of a folder or hub id (`org/name@revision`). Raises ModelError when there is none."""
        from xbench_encoders.huggingface import FolderModel, HubModel

        folder = Path(name)
        model = FolderModel(name, folder, id=folder.resolve().name) if folder.is_dir() else HubModel(name)
        return cls(model, model.info(), beams, device)

    @property
    def about(self) -> Mapping[str, Any]:
        """The digest is of the files, or of the hub's commit."""
        named = {"name": self.info.id, "revision": self.info.revision, "digest": self.info.digest}
        return {"kind": "model", **named, "beams": self.beams}

    def between(self, language: str, other: str) -> Translator:
        """From one language to the other, where the model has codes for both, or none for any."""
        return Directed(*self._parts, self, (language, other))

    def save(self, folder: Path) -> None:
        """Nothing: the options name the model."""

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        return load(self.model.name, self._folder(), self.device)

    def _folder(self) -> Path:
        from huggingface_hub import snapshot_download
        from xbench_encoders.huggingface import FILES, FolderModel

        if isinstance(self.model, FolderModel):
            return self.model.folder
        try:
            found = snapshot_download(self.info.id, revision=self.info.revision, allow_patterns=list(FILES))
        except Exception as error:
            first = str(error).splitlines()[0]
            raise ModelError(f"cannot download {self.model.name!r} at {self.info.revision}: {first}") from error
        return Path(found)


def load(name: str, folder: Path, device: str) -> tuple[Any, Any]:
    """Tokenizer and module: safetensors only, none of the model's own code. Raises ModelError when it is none."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        module = AutoModelForSeq2SeqLM.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        )
    except Exception as error:  # the libraries raise many kinds, down to bare Exception from Rust
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{name}: cannot be loaded as a translator: {lines[0]}") from error
    return tokenizer, module.to(device).eval()


class Directed:
    """Translates from one language to another."""

    coverage = None

    def __init__(self, tokenizer: Any, module: Any, by: ByModel, languages: tuple[str, str]) -> None:
        self.tokenizer, self.module, self.by = tokenizer, module, by
        self.source, self.target = (code_of(tokenizer, language) for language in languages)

    def texts(self, texts: list[str]) -> list[str]:
        """The best of the beams for each text; each different text is translated once."""
        found: dict[str, str] = {}
        distinct = sorted(dict.fromkeys(texts), key=len, reverse=True)  # texts of like length are padded little
        for start in range(0, len(distinct), ROWS):
            rows = distinct[start : start + ROWS]
            found |= zip(rows, self._translated(rows), strict=True)
        return [found[text] for text in texts]

    def _translated(self, rows: list[str]) -> list[str]:
        import torch

        if self.source is not None:
            self.tokenizer.src_lang = self.source[0]
        forced = {} if self.target is None else {"forced_bos_token_id": self.target[1]}
        coded = self.tokenizer(rows, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        read = {name: coded[name].to(self.by.device) for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            made = self.module.generate(
                **read, **forced, num_beams=self.by.beams, do_sample=False, max_new_tokens=LONGEST, max_length=None
            )
        decoded: list[str] = self.tokenizer.batch_decode(made, skip_special_tokens=True)
        return [text.strip() for text in decoded]


def code_of(tokenizer: Any, language: str) -> tuple[str, int] | None:
    """The tokenizer's code of a language, `de`, `de_DE` or `deu_Latn`, and its token; None where it has no such codes.

    Raises StageError where it has codes and none for the language.
    """
    if not hasattr(tokenizer, "src_lang"):
        return None
    codes: Mapping[str, int] = getattr(tokenizer, "lang_code_to_id", None) or tokenizer.get_added_vocab()
    names = {language, language.replace("-", "_"), *_flores(language)}
    for code, token in codes.items():
        if code in names or code.startswith(f"{language}_"):
            return code, token
    raise StageError(f"the translator has no code for {language}")


def _flores(language: str) -> list[str]:
    """The codes of NLLB, which are those of FLORES-200."""
    from xbench_tasks.flores import TAGS

    return [code for code, tag in TAGS.items() if tag == language]
