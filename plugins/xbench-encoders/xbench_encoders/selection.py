"""Which checkpoint of a training is kept: the last, the mean of several, or the best on validation labels."""

from collections.abc import Callable

import torch

from xbench_encoders.errors import TrainingError


def keeper_of(selection: str, validate: Callable[[], float] | None) -> "Last":
    """What carries the policy out; raises TrainingError for an unknown one, or without what it needs."""
    match selection:
        case "last":
            return Last()
        case "average":
            return _Average()
        case "source-dev" | "target-dev" if validate is not None:
            return _Best(validate, selection)
        case "source-dev" | "target-dev":
            side = selection.partition("-")[0]
            raise TrainingError(f"selection={selection} needs a validation split of the {side} language")
        case other:
            raise TrainingError(f"no selection is called {other!r}; there are last, average, source-dev, target-dev")


class Last:
    """Keeps the last state: nothing to do."""

    def __init__(self) -> None:
        self.scores: list[float] = []

    def see(self, module: torch.nn.Module) -> None:
        """Look at a checkpoint."""

    def restore(self, module: torch.nn.Module) -> str:
        """Load what was selected into the module and say what it is."""
        return "last"


class _Average(Last):
    """Mean of the checkpoints' weights (Schmidt et al. 2023, checkpoint averaging)."""

    def __init__(self) -> None:
        super().__init__()
        self.sums: dict[str, torch.Tensor] = {}
        self.seen = 0

    def see(self, module: torch.nn.Module) -> None:
        self.seen += 1
        # A frozen table must stay as it is to the bit, which the mean of equal numbers is not.
        frozen = {name for name, p in module.named_parameters(remove_duplicate=False) if not p.requires_grad}
        for name, value in module.state_dict().items():
            if value.is_floating_point() and name not in frozen:
                self.sums[name] = self.sums.get(name, torch.zeros_like(value)) + value

    def restore(self, module: torch.nn.Module) -> str:
        mean = {name: total / self.seen for name, total in self.sums.items()}
        module.load_state_dict(mean, strict=False)
        return f"average of {self.seen} checkpoints"


class _Best(Last):
    """The checkpoint with the best score on a validation split; the first wins a tie."""

    def __init__(self, validate: Callable[[], float], name: str) -> None:
        super().__init__()
        self.validate, self.name = validate, name
        self.best: dict[str, torch.Tensor] = {}

    def see(self, module: torch.nn.Module) -> None:
        module.eval()
        with torch.no_grad():
            score = self.validate()
        module.train()
        if not self.scores or score > max(self.scores):
            self.best = {name: value.detach().clone() for name, value in module.state_dict().items()}
        self.scores.append(score)

    def restore(self, module: torch.nn.Module) -> str:
        module.load_state_dict(self.best)
        best = max(self.scores)
        return f"{self.name} checkpoint {self.scores.index(best) + 1} of {len(self.scores)} ({best:.2f})"
