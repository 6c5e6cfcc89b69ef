"""What a stage costs besides its time: the memory it comes to and the energy it takes, where the machine tells."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROCESS = Path("/proc/self")
POWER = Path("/sys/class/powercap")
MIB = 1024 * 1024


@contextmanager
def metered(process: Path = PROCESS, power: Path = POWER) -> Iterator[dict[str, float]]:
    """What the block costs, told after it: what cannot be read here is not in it.

    `memory_mib` is the largest resident memory of this process (Linux), `accelerator_mib` the largest that torch had
    allocated on the current device, `energy_joules` what the processor packages took, whoever used them (RAPL, which
    most machines let only root read).
    """
    cost: dict[str, float] = {}
    fresh, before = _reset(process), _energy(power)
    if (torch := _accelerated()) is not None:
        torch.cuda.reset_peak_memory_stats()
    yield cost
    if (torch := _accelerated()) is not None:  # where the block began to use it, all that was allocated is the block's
        cost["accelerator_mib"] = round(torch.cuda.max_memory_allocated() / MIB, 1)
    peak = _peak(process) if fresh else None
    if peak is not None:
        cost["memory_mib"] = round(peak, 1)
    taken = _taken(before, _energy(power))
    if taken is not None:
        cost["energy_joules"] = round(taken, 1)


def _reset(process: Path) -> bool:
    """Have the kernel begin the peak of resident memory anew; whether it did: else it is that of all stages so far."""
    try:
        (process / "clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _peak(process: Path) -> float | None:
    """The peak of resident memory in MiB."""
    try:
        lines = (process / "status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    told = [line.split() for line in lines if line.startswith("VmHWM:")]
    return int(told[0][1]) / 1024 if told else None


def _accelerated() -> Any:
    """torch, if it is loaded and has a device: the core itself does not load it."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized() else None


def _energy(power: Path) -> dict[Path, int]:
    """The counters of the processor packages in microjoules; without the parts of packages, which count twice."""
    return {
        zone: value
        for zone in sorted(power.glob("intel-rapl:*"))
        if zone.name.count(":") == 1 and (value := _number(zone / "energy_uj")) is not None
    }


def _taken(before: Mapping[Path, int], after: Mapping[Path, int]) -> float | None:
    """The joules between two readings; a counter that began anew has gone through its range once."""
    if not before or before.keys() != after.keys():
        return None
    total = 0
    for zone, start in before.items():
        passed = after[zone] - start
        total += passed if passed >= 0 else passed + (_number(zone / "max_energy_range_uj") or 0)
    return total / 1e6


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
