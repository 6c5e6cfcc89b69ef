"""How long the statistics of a large board take: `python tests/benchmarks/bootstrap.py`.

10,000 draws over 10 languages x 5,000 examples x 3 seeds x 10 recipes, every language drawn by itself and then all
alike, as where test sets are parallel; then all averages, gaps, differences in each language, and places.
"""

import sys
import time
from itertools import product

import numpy as np

from xbench.ranks import places
from xbench.statistics import bootstrap

DRAWS, LANGUAGES, EXAMPLES, SEEDS, RECIPES = 10_000, 10, 5_000, 3, 10


def seconds(parallel: bool) -> tuple[float, float]:
    """Time of the draws, and of all that is told of them."""
    generator = np.random.default_rng(0)
    names = [f"l{at}" for at in range(LANGUAGES)]
    rows = [
        {at: (generator.random((SEEDS, EXAMPLES)) < 0.5 + recipe / 50).astype(float) for at in names}
        for recipe in range(RECIPES)
    ]
    started = time.perf_counter()
    drawn = bootstrap(rows, parallel=parallel, draws=DRAWS)
    between = time.perf_counter()
    for row, sample in product(range(RECIPES), (False, True)):
        drawn.average(row, names[1:], sample)
        drawn.gap(row, names[0], names[1:], sample)
        drawn.difference(row, 0, names[1:], sample)
    for row, language in product(range(1, RECIPES), names):
        drawn.difference(row, 0, [language])
    places([drawn.over(row, names[1:]) for row in reversed(range(RECIPES))])
    return between - started, time.perf_counter() - between


def main() -> None:
    """Print the seconds and their ratio."""
    apart, together = seconds(parallel=False), seconds(parallel=True)
    for title, (draws, rest) in (("languages by themselves", apart), ("parallel languages", together)):
        sys.stdout.write(f"{title}: {draws:.1f} s of draws, {rest:.1f} s of intervals, ranks and differences\n")
    sys.stdout.write(f"parallel languages are {sum(apart) / sum(together):.1f} x as fast\n")


if __name__ == "__main__":
    main()
