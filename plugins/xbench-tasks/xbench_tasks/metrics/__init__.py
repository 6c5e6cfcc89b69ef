"""Official metrics: plain functions, and the same as metrics of `evaluate`."""
