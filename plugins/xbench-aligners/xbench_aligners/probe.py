"""The linear probe of languages; it lives beside the encoders, since methods read it too."""

from xbench_encoders.probe import probe_accuracy

__all__ = ["probe_accuracy"]
