"""Train xbench-mini from scratch; README.md says what each step does.

python build.py PARALLEL_DIR --output DIR [--work DIR] [--exclude DATA_DIR] [--seed 0]
"""

import argparse
import json
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import static
import transformer
from corpus import Pair, draw, exclude, read_kept, read_pairs, write_kept, write_whole
from losses import number_rows
from teacher import read_vectors, teacher_texts, write_vectors
from tokenizer import training_texts, write_tokenizer
from transformers import PreTrainedTokenizerFast
from xbench_encoders.training import TrainingContext

TEACHER_TEXTS = 128_000
TEACHER_SIZE = 256

log = logging.getLogger("mini.build")


def step(path: Path, make: Callable[[Path], None]) -> None:
    """Make `path` unless it is there, and log how long it took."""
    if path.exists():
        log.info("%s: there already", path.name)
        return
    began = time.perf_counter()
    write_whole(path, make)
    log.info("%s: made in %.1f minutes", path.name, (time.perf_counter() - began) / 60)


def check_work(work: Path, arguments: argparse.Namespace) -> None:
    """Raise ValueError when the work folder holds steps of other data or another seed."""
    settings = {
        "parallel": str(arguments.parallel.resolve()),
        "exclude": str(arguments.exclude.resolve()) if arguments.exclude else None,
        "seed": arguments.seed,
    }
    path = work / "settings.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != settings:
        raise ValueError(f"{path} names other settings; name another folder with --work")
    write_whole(path, lambda beside: _write_text(beside, json.dumps(settings, indent=2) + "\n"))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def write_pairs(parallel: Path, excluded: Path | None, path: Path) -> None:
    """Read the parallel text, leave out what stands in test sets, and save the rest."""
    pairs = read_pairs(parallel)
    write_kept(exclude(pairs, excluded) if excluded else pairs, path)


def write_new_tokenizer(pairs: Sequence[Pair], seed: int, path: Path) -> None:
    """Choose the texts, train and save."""
    write_tokenizer(training_texts(pairs, np.random.default_rng(seed)), path)


def write_teacher(pairs: Sequence[Pair], seed: int, path: Path) -> None:
    """Choose the texts, embed and save."""
    write_vectors(teacher_texts(pairs, TEACHER_TEXTS, np.random.default_rng(seed)), TEACHER_SIZE, path)


def drawn(pairs: Sequence[Pair], stage: ModuleType, seed: int) -> np.ndarray:
    """The pair numbers a stage trains on: its PAIRS and LEXICON say how many and how many of them words."""
    return draw(pairs, stage.PAIRS, stage.LEXICON, np.random.default_rng(seed))


def training_context(seed: int, every: int) -> TrainingContext:
    """Logs the loss of every so many updates."""

    def on_step(number: int, steps: int, loss: float) -> None:
        if number % every == 0:
            log.info("update %d of %d, loss %.3f", number, steps, loss)

    return TrainingContext(seed=seed, on_step=on_step)


def train_stages(pairs: Sequence[Pair], work: Path, seed: int) -> None:
    """Both training stages over the same token ids; the second starts from the first."""
    wrapped = PreTrainedTokenizerFast.from_pretrained(work / "tokenizer")
    vectors = read_vectors(work / "teacher")
    rows = number_rows(pairs, wrapped.backend_tokenizer, vectors, transformer.MAX_TOKENS)

    def first(path: Path) -> None:
        static.write_static(rows, drawn(pairs, static, seed), len(wrapped), training_context(seed, 100), path)

    def second(path: Path) -> None:
        objective = transformer.TransformerObjective(
            rows,
            drawn(pairs, transformer, seed),
            transformer.new_encoder(transformer.mini_config(wrapped), work / "static.safetensors", seed),
            wrapped.mask_token_id,
        )
        transformer.write_transformer(objective, training_context(seed, 20), path)

    step(work / "static.safetensors", first)
    step(work / "transformer", second)


def build(arguments: argparse.Namespace) -> None:
    """All steps; those whose result is in the work folder are skipped. The files are copied last."""
    work, seed = arguments.work, arguments.seed
    work.mkdir(parents=True, exist_ok=True)
    check_work(work, arguments)
    step(work / "pairs.tsv", lambda path: write_pairs(arguments.parallel, arguments.exclude, path))
    pairs = read_kept(work / "pairs.tsv")
    step(work / "tokenizer", lambda path: write_new_tokenizer(pairs, seed, path))
    step(work / "teacher", lambda path: write_teacher(pairs, seed, path))
    train_stages(pairs, work, seed)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for folder in (work / "tokenizer", work / "transformer"):
        for source in sorted(folder.iterdir()):
            write_whole(arguments.output / source.name, partial(shutil.copyfile, source))
    log.info("the model lies in %s", arguments.output)


def main() -> None:
    """Parse the arguments and build."""
    parser = argparse.ArgumentParser(description="Train xbench-mini from scratch.")
    parser.add_argument("parallel", type=Path, help="folder with en-xx.tsv.gz: source, English, other")
    parser.add_argument("--output", type=Path, required=True, help="where the model's files go")
    parser.add_argument("--work", type=Path, default=Path("mini-work"), help="where steps leave results")
    parser.add_argument("--exclude", type=Path, help="data folder whose dev and test sets are left out")
    parser.add_argument("--seed", type=int, default=0)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    build(parser.parse_args())


if __name__ == "__main__":
    main()
