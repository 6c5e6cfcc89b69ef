"""xbench: a benchmark harness for cross-lingual transfer. Plugins import `hookimpl` from here."""

from xbench.hookspecs import hookimpl

__all__ = ["__version__", "hookimpl"]
__version__ = "0.1.0"
