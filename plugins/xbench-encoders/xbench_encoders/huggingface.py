"""Any Hugging Face encoder by hub id (`org/name@revision`) or folder, word vectors by file, and pairs by language."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from xbench.contracts import ModelInfo
from xbench.errors import ModelError, UsageError
from xbench.keys import digest, file_digest
from xbench.languages import canonical
from xbench_encoders.static import ENDINGS, VectorModel
from xbench_encoders.toy import ToyModel

_HUB_ID = re.compile(r"(?:[\w.-]+/)?[\w.-]+(?:@[\w./-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.spm")  # weights and tokenizers; nothing executable


@dataclass(frozen=True)
class FolderModel:
    """A model in a local folder; `pooling` is how its sentence vectors are made: `cls` or `mean`.

    `id` names it in results and keys: one folder is one model, by whatever path it was reached.
    """

    name: str
    folder: Path
    id: str = ""
    pooling: str = "cls"
    summary: str = "a model in a folder"
    languages: tuple[str, ...] | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    def info(self) -> ModelInfo:
        """The digest of configuration, tokenizer and weights. Raises ModelError when the folder is no model."""
        if not (self.folder / "config.json").is_file():
            raise ModelError(f"{self.folder}: is not a model folder: it has no config.json")
        files = sorted({path for pattern in FILES for path in self.folder.glob(pattern)})
        if not any(path.suffix == ".safetensors" for path in files):
            raise ModelError(f"{self.folder}: has no safetensors weights; xbench loads no other kind")
        return ModelInfo(self.id or self.name, "", digest({path.name: file_digest(path) for path in files}))

    def load(self, device: str) -> Any:
        """The encoder: one tower for every language."""
        from xbench_encoders.devices import pick
        from xbench_encoders.encoder import ANY, TransformerEncoder, load_tower

        self.info()
        return TransformerEncoder({ANY: load_tower(self.folder)}, self.pooling, pick(device))


@dataclass(frozen=True)
class HubModel:
    """A model of the hub, pinned to a commit when it is planned."""

    name: str
    summary: str = "an encoder of the Hugging Face hub"
    languages: tuple[str, ...] | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    def _parts(self) -> tuple[str, str]:
        repository, _, revision = self.name.partition("@")
        return repository, revision or "main"

    def info(self) -> ModelInfo:
        """The commit behind the revision, asked of the hub, or of the local cache when the hub cannot be reached."""
        repository, _ = self._parts()
        return ModelInfo(repository, self._commit, digest([repository, self._commit]))

    @cached_property  # asked once: what is loaded must be what was planned, wherever the branch has moved since
    def _commit(self) -> str:
        repository, revision = self._parts()
        return revision if _COMMIT.fullmatch(revision) else self._ask(repository, revision)

    def _ask(self, repository: str, revision: str) -> str:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

        try:
            with _no_progress_bars():  # one small file, so that the cache knows the commit when the hub is away
                folder = snapshot_download(repository, revision=revision, allow_patterns=["config.json"])
        except GatedRepoError as error:
            raise ModelError(f"{self.name!r} is gated: ask for access on the hub, then `hf auth login`") from error
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            raise ModelError(f"the hub has no model {self.name!r}; check the spelling, or name a folder") from error
        except Exception as unreachable:
            raise ModelError(
                f"cannot ask the hub for {self.name!r} and it is not in the local cache"
                f" ({type(unreachable).__name__}); name a folder, or use xbench-mini"
            ) from unreachable
        return Path(folder).name

    def load(self, device: str) -> Any:
        """Download the pinned files unless they are cached, and load them."""
        from huggingface_hub import snapshot_download

        info = self.info()
        try:
            folder = snapshot_download(info.id, revision=info.revision, allow_patterns=list(FILES))
        except Exception as error:
            first = str(error).splitlines()[0]
            raise ModelError(f"cannot download {self.name!r} at {info.revision}: {first}") from error
        return FolderModel(self.name, Path(folder)).load(device)


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    from huggingface_hub import utils

    shown = not utils.are_progress_bars_disabled()
    if shown:
        utils.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            utils.enable_progress_bars()


@dataclass(frozen=True)
class PairedModel:
    """Monolingual models side by side: a tower per language."""

    name: str
    parts: Mapping[str, Any]
    summary: str = "paired monolingual models"

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """What all parts ask for alike."""
        first, *others = (dict(model.hyperparameters) for model in self.parts.values())
        return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have a tower."""
        return tuple(self.parts)

    def info(self) -> ModelInfo:
        """All parts together."""
        infos = {language: self.parts[language].info() for language in sorted(self.parts)}
        name = ",".join(f"{language}={info.id}" for language, info in infos.items())
        revision = ",".join(f"{language}={info.revision}" for language, info in infos.items() if info.revision)
        return ModelInfo(name, revision, digest({language: info.digest for language, info in infos.items()}))

    def load(self, device: str) -> Any:
        """One tower per language, all of one width and one pooling."""
        from xbench_encoders.encoder import ANY, TransformerEncoder

        encoders = {language: model.load(device) for language, model in self.parts.items()}
        towers = {language: encoder.tower(ANY) for language, encoder in encoders.items()}
        poolings = {language: encoder.pooling for language, encoder in encoders.items()}
        if len(set(poolings.values())) != 1:
            raise ModelError(f"paired models need one way of pooling; these have {poolings}")
        first = next(iter(encoders.values()))
        return TransformerEncoder(towers, first.pooling, first.device)


@dataclass(frozen=True)
class HuggingFaceFamily:
    """Hub ids, folders, files of word vectors and `language=model` pairs."""

    registered: Mapping[str, Any] = field(default_factory=dict)
    name: str = "huggingface"
    summary: str = "any encoder: org/name@revision, a folder, a file of word vectors (.vec), or en=MODEL,zh=MODEL"

    def resolve(self, text: str) -> Any:
        """The model that the text names, or None when it cannot be an id, a path or a pair."""
        if "=" in text:
            return self._paired(text)
        if Path(text).is_dir():
            return FolderModel(text, Path(text), id=Path(text).resolve().name)
        if text.endswith(ENDINGS):
            if not Path(text).is_file():
                raise UsageError(f"{text}: there is no such file of word vectors")
            return VectorModel(text, Path(text))
        if text.startswith((".", "/", "~")):
            raise UsageError(f"{text}: there is no such model folder")
        return HubModel(text) if _HUB_ID.fullmatch(text) else None

    def toy(self, words: Sequence[str]) -> ToyModel:
        """A tiny random encoder that knows the words, to check plugins with."""
        return ToyModel(tuple(words))

    def _paired(self, text: str) -> PairedModel:
        parts: dict[str, Any] = {}
        for part in text.split(","):
            language, _, model = part.partition("=")
            found = self.registered.get(model) or (self.resolve(model) if model and "=" not in model else None)
            if found is None:
                raise UsageError(f"cannot read the pair {part!r} in {text!r}; write en=MODEL,zh=MODEL")
            parts[canonical(language)] = found
        return PairedModel(text, parts)
