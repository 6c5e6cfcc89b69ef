"""How much the training engine saves, as ratios within one run: `python tests/benchmarks/engine.py`.

Each line compares two ways of doing the same work on the bundled encoder and sample, taken in turns so that a busy
machine slows both alike; the figure is the median of the ratios.
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch
from xbench_encoders.encoder import TransformerEncoder, joined
from xbench_encoders.hooks import MINI
from xbench_encoders.sampling import bucketed_batches
from xbench_tasks.sample.nli import LANGUAGES, pairs

ROUNDS = 5
ROWS = 512


def ratio(slow: Callable[[], None], fast: Callable[[], None]) -> float:
    """Median over rounds of the time of one over the time of the other."""
    found = []
    for _ in range(ROUNDS):
        seconds = []
        for work in (slow, fast):
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
        found.append(seconds[0] / seconds[1])
    return statistics.median(found)


def main() -> None:
    """Print the ratios."""
    encoder: TransformerEncoder = MINI.load("cpu")
    rows = pairs("en", "train")[:ROWS]
    # The sample's pairs are of like length; real text is not. Every fourth row is four pairs long.
    texts = [" ".join([row.premise] * (4 if at % 4 == 0 else 1)) for at, row in enumerate(rows)]
    tokens = encoder.tokenize(texts, [row.hypothesis for row in rows], "en", 128)
    shuffled = torch.randperm(ROWS, generator=torch.Generator().manual_seed(0)).tolist()
    plain = [shuffled[at : at + 32] for at in range(0, ROWS, 32)]
    bucketed = bucketed_batches(tokens.lengths, 32, torch.Generator().manual_seed(0))
    by_language = [encoder.tokenize([p.premise for p in pairs(one, "train")[:4]], None, one, 64) for one in LANGUAGES]
    together = joined(by_language)

    def encode(batches: list[list[int]]) -> None:
        with torch.inference_mode():
            for batch in batches:
                encoder.states(encoder.batch(tokens, batch))

    def apart() -> None:
        with torch.inference_mode():
            for part in by_language * 4:
                encoder.states(encoder.batch(part, range(4)))

    def as_one() -> None:
        with torch.inference_mode():
            for _ in range(4):
                encoder.states(encoder.batch(together, range(len(together.ids))))

    encode(bucketed)  # warm up
    sys.stdout.write(
        f"batches by length instead of at random: {ratio(lambda: encode(plain), lambda: encode(bucketed)):.2f} x\n"
    )
    sys.stdout.write(f"15 languages in one batch instead of 15: {ratio(apart, as_one):.2f} x\n")


if __name__ == "__main__":
    main()
