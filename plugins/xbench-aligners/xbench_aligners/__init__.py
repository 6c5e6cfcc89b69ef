"""Aligners: they take an encoder and give one in which languages meet."""
