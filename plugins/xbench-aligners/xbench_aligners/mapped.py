"""What linear aligners have in common: they map states and leave every weight as it is."""

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
