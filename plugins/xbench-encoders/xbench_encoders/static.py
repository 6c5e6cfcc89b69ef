"""Static word vectors as a model: a file of the text format of word2vec and fastText, one vector a word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xbench.contracts import ModelInfo
from xbench.errors import DataError, ModelError
from xbench.keys import digest, file_digest

ENDINGS = (".vec", ".vec.gz")
ROWS = 200_000  # of a file are read, the most frequent words: what the field compares with (Conneau et al. 2018)


@dataclass(frozen=True)
class VectorModel:
    """The first 200,000 vectors of a file; a text is as many states as it has words and signs."""

    name: str
    path: Path
    summary: str = "static word vectors in a file"
    languages: tuple[str, ...] | None = None
    # What training moved would leave the space that languages share, so the vectors stay; a head alone is learned,
    # from nothing, which takes larger steps than the official recipes'.
    hyperparameters: Mapping[str, Any] = field(default_factory=lambda: {"learning_rate": 1e-3, "freeze": "embeddings"})

    def info(self) -> ModelInfo:
        """The digest of the file and of how much of it is read. Raises ModelError when it is not there."""
        if not self.path.is_file():
            raise ModelError(f"{self.path}: there is no such file of vectors")
        return ModelInfo(self.path.name, "", digest({"file": file_digest(self.path), "rows": ROWS}))

    def load(self, device: str) -> Any:
        """The encoder: one tower for every language. Raises ModelError when the file is malformed."""
        from xbench_encoders.devices import pick
        from xbench_encoders.encoder import ANY, TransformerEncoder
        from xbench_encoders.lookup import lookup_tower
        from xbench_encoders.word_vectors import read_vectors

        self.info()
        try:
            vectors = read_vectors(self.path, ROWS)
        except DataError as error:
            raise ModelError(str(error)) from error
        return TransformerEncoder({ANY: lookup_tower(vectors)}, "mean", pick(device))
