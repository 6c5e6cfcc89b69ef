"""What the encoder can do: Tatoeba retrieval, a SIB-200 probe on the dev split, size and load time.

    python evaluate.py MODEL_DIR DATA_DIR

The SIB-200 test split is never read. Figures go to the log, one a line.
"""

import argparse
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from corpus import LANGUAGES, SIB200_CODES, TATOEBA_CODES
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

BATCH = 64
STRENGTHS = (0.003, 0.03)  # inverse regularisation of the probe

log = logging.getLogger("mini.evaluate")


@torch.inference_mode()
def embed(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> np.ndarray:
    """float32 [texts, size]: the masked mean of the last states."""
    order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
    vectors = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        inputs = tokenizer([texts[row] for row in rows], padding=True, truncation=True, return_tensors="pt")
        states = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        vectors[rows] = ((states * mask).sum(1) / mask.sum(1)).numpy()
    return vectors


def retrieval(english: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Accuracy in % of the nearest neighbour by cosine, from the other language to English and back."""
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (english, other)]
    cosines = unit[1] @ unit[0].T
    goal = np.arange(len(cosines))
    return 100 * float((cosines.argmax(1) == goal).mean()), 100 * float((cosines.argmax(0) == goal).mean())


def tatoeba(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, data: Path) -> float:
    """Log the mean accuracy of both directions per language; gives the mean over the languages there are."""
    scores: dict[str, float] = {}
    for language in LANGUAGES:
        code = TATOEBA_CODES[language]
        paths = [next(iter(data.glob(f"**/tatoeba.{code}-eng.{side}")), None) for side in ("eng", code)]
        if paths[0] is None or paths[1] is None:
            continue
        english, other = (path.read_text(encoding="utf-8").split("\n")[:-1] for path in paths if path)
        to_english, back = retrieval(embed(model, tokenizer, english), embed(model, tokenizer, other))
        scores[language] = (to_english + back) / 2
        directions = f"to English {to_english:.1f}, back {back:.1f}, n={len(english)}"
        log.info("tatoeba %s %.1f (%s)", language, scores[language], directions)
    mean = float(np.mean(list(scores.values())))
    log.info("tatoeba mean of %d languages %.1f", len(scores), mean)
    return mean


def _sib(data: Path, language: str, split: str) -> tuple[list[str], list[str]]:
    lines = (data / SIB200_CODES[language] / f"{split}.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
    fields = [line.split("\t") for line in lines]
    return [field[2] for field in fields], [field[1] for field in fields]


def probe(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, data: Path) -> dict[float, float]:
    """Log dev accuracy of a classifier of the 701 English training sentences; gives the zero-shot means.

    All vectors are multiplied by one number that brings the root mean square of the training ones to 1, so that
    a strength means the same for every model.
    """
    texts, labels = _sib(data, "en", "train")
    train = embed(model, tokenizer, texts)
    dev = {language: _sib(data, language, "dev") for language in ("en", *LANGUAGES)}
    scale = 1.0 / float(np.sqrt(np.square(train).mean()))
    vectors = {language: scale * embed(model, tokenizer, texts) for language, (texts, _) in dev.items()}
    majority = max(np.mean([label == other for label in dev["en"][1]]) for other in set(labels))
    log.info("sib200 dev majority class %.1f", 100 * majority)
    means: dict[float, float] = {}
    for strength in STRENGTHS:
        classifier = LogisticRegression(C=strength, max_iter=2000).fit(scale * train, labels)
        scores = {name: 100 * classifier.score(vectors[name], gold) for name, (_, gold) in dev.items()}
        means[strength] = float(np.mean([scores[language] for language in LANGUAGES]))
        each = " ".join(f"{language} {score:.1f}" for language, score in scores.items())
        log.info("sib200 dev C=%g: %s", strength, each)
        log.info("sib200 dev C=%g: en %.1f, zero-shot mean %.1f", strength, scores["en"], means[strength])
    return means


def evaluate(folder: Path, data: Path) -> None:
    """Load the model as a user would and log all figures."""
    began = time.perf_counter()
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    log.info("loaded in %.2f s", time.perf_counter() - began)
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but {model.config.vocab_size} embeddings")
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    log.info("%d parameters, %.2f MB in all", sum(p.numel() for p in model.parameters()), size / 1e6)
    tatoeba(model, tokenizer, data / "tatoeba")
    probe(model, tokenizer, data / "sib200")


def main() -> None:
    """Parse the arguments and evaluate."""
    parser = argparse.ArgumentParser(description="Measure a small encoder on Tatoeba and the dev split of SIB-200.")
    parser.add_argument("model", type=Path, help="folder with config.json, model.safetensors and the tokenizer")
    parser.add_argument("data", type=Path, help="folder with tatoeba/ and sib200/")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    evaluate(arguments.model, arguments.data)


if __name__ == "__main__":
    main()
