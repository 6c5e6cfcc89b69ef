"""Train xbench-mini from scratch; README.md says what each step does.

python build.py DATA_DIR --output DIR [--work DIR] [--seed 0] [--device auto]
"""

import argparse
import json
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import static
import transformer
from contamination import exclude
from corpus import LANGUAGES, Pair, draw, read_pairs, saved_pairs, write_pairs, write_whole
from losses import Rows, number_rows
from notice import write_notice
from pairs import PairMaker
from start import new_encoder
from switching import switched_pairs
from teacher import read_vectors, write_vectors
from tokenizer import training_texts, write_tokenizer
from transformers import PreTrainedTokenizerFast
from xbench_encoders.checkpoints import Checkpoint
from xbench_encoders.devices import pick
from xbench_encoders.training import TrainingContext

TEACHER_SIZE = 256
SPECIAL = ("bos", "eos", "pad", "mask")  # tokens that the pair maker needs
SAVED_EVERY = 100  # updates of the transformer between two checkpoints

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
    settings = {"data": str(arguments.data.resolve()), "seed": arguments.seed}
    path = work / "settings.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != settings:
        raise ValueError(f"{path} names other settings; name another folder with --work")
    write_whole(path, lambda beside: _write_text(beside, json.dumps(settings, indent=2) + "\n"))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def training_context(arguments: argparse.Namespace, every: int, checkpoint: Checkpoint | None) -> TrainingContext:
    """Logs the loss of every so many updates."""

    def on_step(number: int, steps: int, loss: float) -> None:
        if number % every == 0:
            log.info("update %d of %d, loss %.3f", number, steps, loss)

    device = pick(arguments.device)
    return TrainingContext(seed=arguments.seed, device=device, on_step=on_step, checkpoint=checkpoint)


def train_static(pairs: Sequence[Pair], rows: Rows, vocabulary: int, arguments: argparse.Namespace, path: Path) -> None:
    """The static stage over drawn rows of any length."""
    everything = np.ones(len(pairs), dtype=bool)
    drawn = draw(pairs, everything, static.PAIRS, static.SHARES, np.random.default_rng(arguments.seed))
    static.write_static(rows, drawn, vocabulary, training_context(arguments, 100, None), path)


def train_transformer(pairs: Sequence[Pair], rows: Rows, arguments: argparse.Namespace, path: Path) -> None:
    """The transformer stage over drawn rows that are not too long; it starts from the static vectors."""
    work = arguments.work
    tokenizer = PreTrainedTokenizerFast.from_pretrained(work / "tokenizer")
    longest = np.maximum(rows.english.lengths()[rows.english_of], rows.other.lengths())
    generator = np.random.default_rng(arguments.seed)
    drawn = draw(pairs, longest <= transformer.LONGEST, transformer.PAIRS, transformer.SHARES, generator)
    numbers = {language: number for number, language in enumerate(("en", *LANGUAGES))}
    special = {name: tokenizer.convert_tokens_to_ids(getattr(tokenizer, f"{name}_token")) for name in SPECIAL}
    config = transformer.mini_config(tokenizer)
    encoder = new_encoder(config, work / "static.safetensors", arguments.seed)
    vectors = transformer.token_vectors(encoder)
    maker = PairMaker(rows, np.array([numbers[pair.language] for pair in pairs]), special, vectors)
    objective = transformer.TransformerObjective(rows, drawn, encoder, maker)
    settings = {"seed": arguments.seed, "pairs": transformer.PAIRS}
    checkpoint = Checkpoint(work / "transformer.checkpoint.safetensors", SAVED_EVERY, settings)
    transformer.write_transformer(objective, training_context(arguments, 20, checkpoint), path)


def build(arguments: argparse.Namespace) -> None:
    """All steps; those whose result is in the work folder are skipped. The files are copied last."""
    work, seed = arguments.work, arguments.seed
    work.mkdir(parents=True, exist_ok=True)
    check_work(work, arguments)
    step(work / "pairs.tsv", lambda path: write_pairs(exclude(read_pairs(arguments.data), arguments.data), path))
    translated = saved_pairs(work / "pairs.tsv")
    step(work / "switched.tsv", lambda path: write_pairs(switched_pairs(translated, seed), path))
    pairs = [*translated, *saved_pairs(work / "switched.tsv")]
    texts = partial(training_texts, translated, np.random.default_rng(seed))
    step(work / "tokenizer", lambda path: write_tokenizer(texts(), path))
    english = sorted({pair.english for pair in translated})
    step(work / "teacher", lambda path: write_vectors(english, TEACHER_SIZE, path, pick(arguments.device)))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(work / "tokenizer")
    vectors = read_vectors(work / "teacher")
    rows = number_rows(pairs, tokenizer.backend_tokenizer, vectors, transformer.MAX_TOKENS)
    step(work / "static.safetensors", partial(train_static, pairs, rows, len(tokenizer), arguments))
    step(work / "transformer", partial(train_transformer, pairs, rows, arguments))
    arguments.output.mkdir(parents=True, exist_ok=True)
    for folder in (work / "tokenizer", work / "transformer"):
        for source in sorted(folder.iterdir()):
            write_whole(arguments.output / source.name, partial(shutil.copyfile, source))
    write_whole(arguments.output / "NOTICE", write_notice)
    log.info("the model lies in %s", arguments.output)


def main() -> None:
    """Parse the arguments and build."""
    parser = argparse.ArgumentParser(description="Train xbench-mini from scratch.")
    parser.add_argument("data", type=Path, help="folder with what sources.toml lists, and the test sets to leave out")
    parser.add_argument("--output", type=Path, required=True, help="where the model's files go")
    parser.add_argument("--work", type=Path, default=Path("mini-work"), help="where steps leave results")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="auto takes a GPU where there is one")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    build(parser.parse_args())


if __name__ == "__main__":
    main()
