"""What the encoder can do: size, load time, speed, Tatoeba retrieval, and a cross-validated probe on SIB-200.

    python measure.py MODEL_DIR DATA_DIR

No label of a test split is read; what the model does there, `xbench run` measures. Figures go to the log, one a line.
"""

import argparse
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from corpus import MORE_LANGUAGES, XNLI_LANGUAGES, lines_of
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast
from xbench_aligners.csls import cosine
from xbench_aligners.diagnostics import retrieval

TATOEBA_CODES = {
    "ar": "ara",
    "bg": "bul",
    "de": "deu",
    "el": "ell",
    "es": "spa",
    "fr": "fra",
    "hi": "hin",
    "ru": "rus",
    "sw": "swh",
    "th": "tha",
    "tr": "tur",
    "ur": "urd",
    "vi": "vie",
    "zh": "cmn",
    "af": "afr",
    "et": "est",
    "eu": "eus",
    "he": "heb",
    "id": "ind",
    "jv": "jav",
    "mr": "mar",
    "ta": "tam",
    "te": "tel",
}
SIB200_CODES = {
    "en": "eng_Latn",
    "ar": "arb_Arab",
    "bg": "bul_Cyrl",
    "de": "deu_Latn",
    "el": "ell_Grek",
    "es": "spa_Latn",
    "fr": "fra_Latn",
    "hi": "hin_Deva",
    "ru": "rus_Cyrl",
    "sw": "swh_Latn",
    "th": "tha_Thai",
    "tr": "tur_Latn",
    "ur": "urd_Arab",
    "vi": "vie_Latn",
    "zh": "zho_Hans",
}

BATCH = 64
STRENGTHS = (0.003, 0.01, 0.03)  # inverse regularisation of the probe
FOLDS = 5

log = logging.getLogger("mini.measure")


@torch.inference_mode()
def embed(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> np.ndarray:
    """float32 [texts, size]: the masked mean of the last states."""
    ids = tokenizer(list(texts), truncation=True)["input_ids"]
    order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
    vectors = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        inputs = tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt")
        states = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        vectors[rows] = ((states * mask).sum(1) / mask.sum(1)).numpy()
    return vectors


def tatoeba(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, data: Path) -> dict[str, float]:
    """Log the accuracy of both directions and their mean per language; gives the means of the languages there are."""
    scores: dict[str, float] = {}
    for language, code in TATOEBA_CODES.items():
        paths = [next(iter(data.glob(f"**/tatoeba.{code}-eng.{side}")), None) for side in ("eng", code)]
        if paths[0] is None or paths[1] is None:
            continue
        english, other = (list(lines_of(path)) for path in paths if path)
        back, to_english = retrieval(cosine(embed(model, tokenizer, english), embed(model, tokenizer, other)))
        scores[language] = (to_english + back) / 2
        sides = f"{len(other)} pairs, to English {to_english:.1f}, back {back:.1f}"
        log.info("tatoeba %s %.1f (%s)", language, scores[language], sides)
    for name, languages in (("XNLI", XNLI_LANGUAGES), ("other", MORE_LANGUAGES)):
        known = [scores[language] for language in languages if language in scores]
        log.info("tatoeba mean of %d %s languages %.1f", len(known), name, np.mean(known))
    return scores


def speed(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, data: Path) -> None:
    """Log how long it takes to embed the 1,004 sentences of SIB-200 in each of 15 languages; no label is read."""
    texts = [
        text
        for language in ("en", *XNLI_LANGUAGES)
        for split in ("train", "dev", "test")
        for text in _sib(data, language, split)[0]
    ]
    began = time.perf_counter()
    embed(model, tokenizer, texts)
    seconds = time.perf_counter() - began
    log.info("%d sentences embedded in %.1f s on %d threads", len(texts), seconds, torch.get_num_threads())


def _sib(data: Path, language: str, split: str) -> tuple[list[str], list[str]]:
    lines = (data / SIB200_CODES[language] / f"{split}.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
    fields = [line.split("\t") for line in lines]
    return [field[2] for field in fields], [field[1] for field in fields]


def probe(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, data: Path) -> dict[float, float]:
    """Log the accuracy of classifiers of English SIB-200 texts in 15 languages; gives the zero-shot means by strength.

    Train and dev splits together, in FOLDS folds: each is told by a classifier of the English texts of the others,
    so no text is told by its own translation. All vectors are multiplied by one number that brings the root mean
    square of the English ones to 1, so that a strength means the same for every model.
    """
    read = {name: [_sib(data, name, split) for split in ("train", "dev")] for name in ("en", *XNLI_LANGUAGES)}
    labels = {name: np.array([label for _, part in parts for label in part]) for name, parts in read.items()}
    texts = {name: [text for part, _ in parts for text in part] for name, parts in read.items()}
    vectors = {name: embed(model, tokenizer, each) for name, each in texts.items()}
    scale = 1.0 / float(np.sqrt(np.square(vectors["en"]).mean()))
    fold = np.random.default_rng(0).permutation(len(labels["en"])) % FOLDS
    means: dict[float, float] = {}
    for strength in STRENGTHS:
        right: dict[str, list[bool]] = {name: [] for name in vectors}
        for held in range(FOLDS):
            classifier = LogisticRegression(C=strength, max_iter=3000)
            classifier.fit(scale * vectors["en"][fold != held], labels["en"][fold != held])
            for name, each in vectors.items():
                right[name] += list(classifier.predict(scale * each[fold == held]) == labels[name][fold == held])
        scores = {name: 100 * float(np.mean(each)) for name, each in right.items()}
        means[strength] = float(np.mean([scores[language] for language in XNLI_LANGUAGES]))
        each = " ".join(f"{language} {score:.1f}" for language, score in scores.items())
        log.info("sib200 C=%g: zero-shot mean of 14 %.1f, %s", strength, means[strength], each)
    return means


def measure(folder: Path, data: Path) -> None:
    """Load the model as a user would and log all figures."""
    began = time.perf_counter()
    model = AutoModel.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    log.info("loaded in %.2f s", time.perf_counter() - began)
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but {model.config.vocab_size} embeddings")
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    log.info("%d parameters, %.2f MB in all", sum(p.numel() for p in model.parameters()), size / 1e6)
    speed(model, tokenizer, data / "sib200")
    tatoeba(model, tokenizer, data / "tatoeba")
    probe(model, tokenizer, data / "sib200")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description="Measure a small encoder on Tatoeba and on train and dev of SIB-200.")
    parser.add_argument("model", type=Path, help="folder with config.json, model.safetensors and the tokenizer")
    parser.add_argument("data", type=Path, help="folder with tatoeba/ and sib200/")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    measure(arguments.model, arguments.data)


if __name__ == "__main__":
    main()
