"""An example of a plugin for xbench."""
