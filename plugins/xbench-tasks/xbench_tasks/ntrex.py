"""NTREX-128: 1,997 sentences of English news in 128 languages (Federmann et al. 2022,
https://aclanthology.org/2022.sumeval-1.4/).

Files as the authors give them: `ntrex128/NTREX-128/newstest2019-src.eng.txt` and `newstest2019-ref.CODE.txt`, aligned
line by line, so that any two languages are a pair. Some end their lines with CR LF.
"""

from pathlib import Path

from xbench.contracts import Resource
from xbench_tasks.files import check_aligned, check_texts, read_lines
from xbench_tasks.paired import Found, PairedTexts, PairFiles

CODES = {
    "en": "eng", "af": "afr", "am": "amh", "ar": "arb", "az": "aze-Latn", "ba": "bak", "be": "bel", "bem": "bem",
    "bn": "ben", "bo": "bod", "bs": "bos", "bg": "bul", "ca": "cat", "cs": "ces", "ckb": "ckb-Arab", "cy": "cym",
    "da": "dan", "de": "deu", "dv": "div", "dz": "dzo", "el": "ell", "en-GB": "eng-GB", "en-IN": "eng-IN",
    "en-US": "eng-US", "et": "est", "eu": "eus", "ee": "ewe", "fo": "fao", "fa": "fas", "fj": "fij", "fil": "fil",
    "fi": "fin", "fr": "fra", "fr-CA": "fra-CA", "fuc": "fuc", "ga": "gle", "gl": "glg", "gu": "guj", "ha": "hau",
    "he": "heb", "hi": "hin", "hmn": "hmn", "hr": "hrv", "hu": "hun", "hy": "hye", "ig": "ibo", "id": "ind",
    "is": "isl", "it": "ita", "ja": "jpn", "kn": "kan", "ka": "kat", "kk": "kaz", "km": "khm", "rw": "kin",
    "ky": "kir", "ku": "kmr", "ko": "kor", "lo": "lao", "lv": "lav", "lt": "lit", "lb": "ltz", "ml": "mal",
    "mr": "mar", "mey": "mey", "mk": "mkd", "mg": "mlg", "mt": "mlt", "mn": "mon", "mi": "mri", "ms": "msa",
    "my": "mya", "nd": "nde", "ne": "nep", "nl": "nld", "nn": "nno", "nb": "nob", "nso": "nso", "ny": "nya",
    "om": "orm", "pa": "pan", "pl": "pol", "pt": "por", "pt-BR": "por-BR", "prs": "prs", "ps": "pus", "ro": "ron",
    "ru": "rus", "shi": "shi", "si": "sin", "sk": "slk", "sl": "slv", "sm": "smo", "sn": "sna-Latn",
    "sd": "snd-Arab", "so": "som", "es": "spa", "es-MX": "spa-MX", "sq": "sqi", "sr": "srp-Cyrl",
    "sr-Latn": "srp-Latn", "ss": "ssw", "sw": "swa", "sv": "swe", "ty": "tah", "ta": "tam", "tt": "tat", "te": "tel",
    "tg": "tgk-Cyrl", "th": "tha", "ti": "tir", "to": "ton", "tn": "tsn", "tk": "tuk", "tr": "tur", "ug": "uig",
    "uk": "ukr", "ur": "urd", "uz": "uzb", "ve": "ven", "vi": "vie", "wo": "wol", "xh": "xho", "yo": "yor",
    "yue": "yue", "zh": "zho-CN", "zh-Hant": "zho-TW", "zu": "zul",
}  # fmt: skip


def _files(folder: Path, source: str, target: str) -> tuple[Path, ...]:
    parts = ("src" if one == "en" else "ref" for one in (source, target))
    names = (f"newstest2019-{part}.{CODES[one]}.txt" for part, one in zip(parts, (source, target), strict=True))
    return tuple(folder / "NTREX-128" / name for name in names)


def _read(folder: Path, source: str, target: str) -> Found:
    first, second = _files(folder, source, target)
    sides = [read_lines(file, crlf=True) for file in (first, second)]
    check_aligned(first, len(sides[0]), second, len(sides[1]))
    for file, side in zip((first, second), sides, strict=True):
        check_texts(file, "sentence", side)
    return Found(list(zip(*sides, strict=True)))


NTREX = PairedTexts(
    name="ntrex",
    summary="1,997 sentences of news in any two of 128 languages",
    supplies=Resource.PARALLEL,
    languages=tuple(CODES),
    official=PairFiles("ntrex128", _files, _read),
)
