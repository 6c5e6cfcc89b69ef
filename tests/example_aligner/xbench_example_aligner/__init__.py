"""A plugin of an aligner: coral."""
