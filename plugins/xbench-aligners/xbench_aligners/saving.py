"""What aligners have in common: how what they made is kept."""

from pathlib import Path
from typing import Any


class Mapped:
    """Saves the maps of all languages, with those of aligners before it: they are composed, one to a language."""

    def save(self, encoder: Any, folder: Path) -> None:
        """The maps as safetensors."""
        encoder.save_maps(folder)

    def load(self, encoder: Any, folder: Path) -> Any:
        """The maps again, in place of those that the encoder came with, which they contain."""
        return encoder.load_maps(folder)


class Weights:
    """Saves all weights."""

    def save(self, encoder: Any, folder: Path) -> None:
        """All weights as safetensors."""
        encoder.save(folder)

    def load(self, encoder: Any, folder: Path) -> Any:
        """The weights again."""
        return encoder.load(folder)


class Means(Weights):
    """Saves all weights of an encoder whose means were trained."""

    def load(self, encoder: Any, folder: Path) -> Any:
        """The weights again."""
        encoder.pooling = "mean"
        return super().load(encoder, folder)
