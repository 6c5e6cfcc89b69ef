"""What can go wrong in training."""


class TrainingError(RuntimeError):
    """Training cannot go on: a loss or gradient that is not finite, or no memory for a single row."""
