"""Which device to compute on."""

import re

import torch

from xbench.errors import DeviceError

NAME = re.compile(r"cpu|mps|cuda(?::(0|[1-9][0-9]{0,2}))?")


def pick(name: str) -> torch.device:
    """The device of that name; `auto` takes a GPU where there is one. Raises DeviceError when it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    known = NAME.fullmatch(name)
    if not known:  # torch knows more of them, such as meta, that compute nothing or were never tried
        raise DeviceError(f"--device {name}: no such device; use auto, cpu, cuda or cuda:N, or mps")
    if name.startswith("cuda") and int(known[1] or 0) >= torch.cuda.device_count():
        raise DeviceError(f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices")
    if name == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("--device mps: this machine has no such device")
    return torch.device(name)
