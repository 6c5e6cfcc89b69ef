"""The recipe of xbench-mini, piece by piece on made-up text: what is left out, drawn, switched, paired and linked."""

import gzip
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

RECIPE = Path(__file__).parents[2] / "plugins" / "xbench-encoders" / "recipes" / "mini"
MODULES = (
    "corpus", "contamination", "switching", "losses", "pairs", "static", "start", "transformer", "notice", "teacher",
    "measure",
)  # fmt: skip


@pytest.fixture(scope="module")
def recipe():
    """The recipe's modules; they are scripts beside each other, not a package."""
    sys.path.insert(0, str(RECIPE))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(RECIPE))
        for name in MODULES:
            sys.modules.pop(name, None)


def pair(recipe, english, other, language="de", source="tatoeba", sentence=True):
    return recipe.corpus.Pair(source, language, english, other, sentence)


def test_pairs_are_saved_and_read_back(recipe, tmp_path):
    pairs = [pair(recipe, "A cat.", "Eine Katze."), pair(recipe, "cat", "kissa", "et", "wiktionary", False)]
    recipe.corpus.write_pairs(pairs, tmp_path / "pairs.tsv")
    assert recipe.corpus.saved_pairs(tmp_path / "pairs.tsv") == pairs
    assert [p.kind for p in pairs] == ["sentences", "words"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tatoeba\tonly one side\n", "2 fields, expected 3"),
        ("flores\ta\tb\n", "source 'flores' is not in sources.toml"),
    ],
)
def test_a_line_that_the_manifest_does_not_allow_is_refused_by_name(recipe, tmp_path, line, message):
    with gzip.open(tmp_path / "en-ar.tsv.gz", "wt", encoding="utf-8") as out:
        out.write("tatoeba\tA cat.\tقطة.\n" + line)
    manifest = {"path": "en-*.tsv.gz", "sources": {"tatoeba": {"kind": "sentences"}}}
    with pytest.raises(ValueError, match=f"en-ar.tsv.gz:2: {message}"):
        list(recipe.corpus._parallel(tmp_path, manifest))


def test_draws_share_kinds_out_and_repeat_no_row_before_all_came(recipe):
    pairs = [pair(recipe, f"{n}", f"{n}") for n in range(30)]
    pairs += [pair(recipe, f"{n}", f"{n}", "fr", "wn", False) for n in range(10)]
    allowed = np.arange(40) != 3
    drawn = recipe.corpus.draw(pairs, allowed, 80, {"sentences": 0.75, "words": 0.25}, np.random.default_rng(0))
    counts = np.bincount(drawn, minlength=40)
    assert counts[3] == 0
    assert counts[:30].sum() == 60
    assert counts[30:].tolist() == [2] * 10
    assert set(np.delete(counts[:30], 3)) == {2, 3}  # 60 draws of 29 rows


@pytest.fixture
def held(recipe, monkeypatch):
    """One data set whose only test sentence is known."""
    monkeypatch.setattr(recipe.contamination, "READERS", {"toy": lambda folder: iter(["The cat sat on the mat!"])})


def test_a_pair_goes_when_either_side_is_a_test_sentence_but_for_case_and_marks(recipe, held):
    pairs = [
        pair(recipe, "the CAT sat, on the mat", "x"),
        pair(recipe, "y", "The cat sat on the mat"),
        pair(recipe, "The cat sat on the mat today", "z"),
    ]
    assert recipe.contamination.exclude(pairs, Path()) == pairs[2:]


def test_a_data_set_without_text_stops_the_build(recipe, monkeypatch):
    monkeypatch.setattr(recipe.contamination, "READERS", {"toy": lambda folder: iter([])})
    with pytest.raises(FileNotFoundError, match="no dev or test text of toy"):
        recipe.contamination.exclude([], Path())


def test_the_check_finds_what_was_left_in(recipe, held):
    assert recipe.contamination.check(["the cat sat on the mat"], Path()) == 1
    assert recipe.contamination.check(["a dog sat on the mat"], Path()) == 0


def test_words_are_switched_and_inflections_are_found(recipe):
    known = [
        pair(recipe, "cat", "Katze", source="wiktionary", sentence=False),
        pair(recipe, "play, toy: do for fun", "spielen", source="wn", sentence=False),
        pair(recipe, "mat", "Matte", source="wiktionary", sentence=False),
    ]
    lexicon = recipe.switching.lexicon_of(known, "de")
    assert lexicon == {"cat": ["Katze"], "play": ["spielen"], "toy": ["spielen"], "mat": ["Matte"]}
    switcher = recipe.switching.Switcher(lexicon, np.random.default_rng(1))
    made = {switcher.switched("The cats played, on a mat.") for _ in range(50)} - {None}
    assert "The Katze spielen, on a Matte." in made
    assert all(sum(word in text for word in ("Katze", "spielen", "Matte")) >= 2 for text in made)
    assert switcher.switched("Nothing here is known.") is None


@pytest.fixture
def maker(recipe):
    """Five pairs of two languages over tokens from 10 on; 1, 2, 0, 3 are start, end, padding, mask."""
    english = recipe.corpus.Ragged(np.arange(10, 30, dtype=np.int32), np.arange(0, 21, 4))
    other = recipe.corpus.Ragged(np.arange(30, 50, dtype=np.int32), np.arange(0, 21, 4))
    rows = recipe.losses.Rows(english, other, np.arange(5), np.full(5, -1), np.zeros((0, 8), dtype=np.float32))
    special = {"bos": 1, "eos": 2, "pad": 0, "mask": 3}
    return recipe.pairs.PairMaker(rows, np.array([0, 0, 1, 1, 1]), special, torch.eye(50))


def test_two_parts_are_framed_typed_and_told_apart(maker):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        two = maker.batch(np.arange(5), torch.device("cpu"))
    for ids, types, parts, follows in zip(two.ids, two.types, two.parts, two.follows, strict=True):
        used = ids != 0
        first, second = ids[parts == 0].tolist(), ids[parts == 1].tolist()
        assert ids[used].tolist() == [1, *first, 2, *second, 2]
        assert types[used].tolist() == [0] * (len(first) + 2) + [1] * (len(second) + 1)
        assert (parts[~used] == -1).all()
        assert second
        if follows and first[0] >= 30 and second[0] >= 30:  # a copy that was only shortened
            start = first.index(second[0])
            assert second == first[start : start + len(second)]


def test_replaced_tokens_come_from_the_same_language(maker):
    tokens = maker.rows.other.row(4)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        altered = [maker._altered(tokens, 4) for _ in range(50)]
    changed = {int(token) for row in altered for token in row} - set(tokens.tolist())
    assert changed
    assert min(changed) >= 38  # the third pair's first token: the tokens before are of the other language


def test_some_replacements_are_neighbours_but_not_the_nearest(recipe):
    angles = torch.linspace(0, 1.5, 50)
    pool = recipe.pairs.Pool(np.arange(40, dtype=np.int32), torch.stack([angles.cos(), angles.sin()], dim=1))
    low, high = recipe.pairs.NEAR
    assert pool.near.shape == (40, high - low)
    assert set(pool.near[0].tolist()) == set(range(low, high))  # of token 0, the nearest are 0, 1, 2, ...
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = pool.like(np.zeros(400, dtype=np.int32))
    inside = np.isin(drawn, np.arange(low, high)).mean()
    expected = recipe.pairs.NEAR_SHARE + (1 - recipe.pairs.NEAR_SHARE) * (high - low) / 40
    assert abs(inside - expected) < 0.08


def test_the_transformer_starts_as_the_static_encoder(recipe, tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        spread = torch.linspace(1.0, 4.0, 200)[:, None]  # lengths that a mean without them would lose
        vectors, projection = torch.randn(200, recipe.static.SIZE) * spread, torch.randn(256, recipe.static.SIZE)
        ids = torch.randint(200, (30, 12))
    save_file({"vectors": vectors, "projection": projection}, tmp_path / "static.safetensors")
    tokenizer = SimpleNamespace(bos_token_id=1, pad_token_id=0, eos_token_id=2, __len__=lambda self: 200)
    config = recipe.transformer.mini_config(type("Sized", (), {**vars(tokenizer)})())
    encoder = recipe.start.new_encoder(config, tmp_path / "static.safetensors", 0).eval()
    with torch.no_grad():
        means = encoder(input_ids=ids).last_hidden_state.mean(1)
    wanted = vectors[ids].mean(1) @ projection.T
    flat = torch.nn.functional.normalize(vectors, dim=-1)[ids].mean(1) @ projection.T
    same, lost = (torch.nn.functional.cosine_similarity(means, other).mean() for other in (wanted, flat))
    assert same > 0.97 > lost


def test_words_link_with_their_mutual_nearest_neighbours_alone(recipe):
    static = torch.zeros(60, 3)
    static[10], static[11], static[12] = torch.eye(3)
    static[30], static[31], static[32] = torch.eye(3)[[1, 0, 0]] + torch.tensor([[0.0], [0.0], [0.2]])
    objective = SimpleNamespace(static=torch.nn.functional.normalize(static, dim=-1), maker=SimpleNamespace(mask=3))
    links = recipe.transformer.TransformerObjective._links(
        objective, torch.tensor([[1, 10, 11, 12, 2]]), torch.tensor([[1, 30, 31, 32, 2]])
    )
    # 12 is near to none; 32 is nearest to 10, but not the reverse.
    assert links.nonzero().tolist() == [[0, 1, 2], [0, 2, 1]]


def test_word_loss_falls_when_linked_states_meet(recipe):
    states = torch.eye(4)[None]
    ids = torch.arange(4)[None], torch.arange(10, 14)[None]
    links = torch.eye(4, dtype=torch.bool)[None]
    met = recipe.losses.word_loss(states, states, links, ids)
    apart = recipe.losses.word_loss(states, states.roll(1, dims=1), links, ids)
    assert met < 0.01 < 1.0 < apart


def test_every_source_stands_in_the_notice_that_the_model_carries(recipe):
    model = RECIPE.parents[1] / "xbench_encoders" / "mini"
    assert (model / "NOTICE").read_text(encoding="utf-8") == recipe.notice.notice()
