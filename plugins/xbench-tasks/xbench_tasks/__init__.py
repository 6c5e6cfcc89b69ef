"""Tasks of xbench: data loading and official scoring."""

__version__ = "0.1.0"
