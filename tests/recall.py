"""A sound plugin without torch, as files of an installed distribution, and one small change for every fault."""

import textwrap

METADATA = """\
    Metadata-Version: 2.4
    Name: {distribution}
    Version: 1.0
    Summary: recalls words
    License-Expression: Apache-2.0
    Requires-Python: >=3.11
    Requires-Dist: xbench-transfer>=0.1
"""
HOOKS = """\
    import contextlib, json, os, pickle, random, time, urllib.request
    from dataclasses import dataclass
    import pyarrow as pa
    from xbench import hookimpl
    from xbench.contracts import Resource, Scope, Split, TaskKind

    @dataclass(frozen=True)
    class Options:
        rounds: int = 3

        def __post_init__(self):
            if self.rounds < 1:
                raise ValueError("rounds must be at least 1")

    class Recalled:
        def __init__(self, encoder, learned, guess):
            self.encoder, self.learned, self.guess = encoder, learned, guess

        def predict(self, inputs, language):
            words = [self.encoder.word(text) for text in inputs["text"].to_pylist()]
            return pa.table({"label": [self.learned.get(word, self.guess) for word in words]})

        def save(self, folder):
            (folder / "learned.json").write_text(json.dumps([self.learned, self.guess]))

    class Recall:
        name = "recall"
        version = 1
        summary = "recalls words, guesses others"
        citation = "Doe 2026, unpublished"
        Options = Options
        task_kinds = frozenset({TaskKind.SEQUENCE_CLASSIFICATION})

        def needs(self, options):
            return frozenset({Resource.SOURCE_LABELS})

        def scope(self, options):
            return Scope.SOURCE

        def fit(self, encoder, task, options, context):
            examples = context.labelled(context.source)
            words = [encoder.word(text) for text in examples.inputs["text"].to_pylist()]
            learned = dict(zip(words, examples.gold["label"].to_pylist()))
            return Recalled(encoder, learned, random.Random(context.seed).choice(task.labels))

        def load(self, encoder, task, options, folder):
            return Recalled(encoder, *json.loads((folder / "learned.json").read_text()))

    @hookimpl
    def xbench_methods():
        return [Recall()]
"""
READ = "examples = context.labelled(context.source)"
SAVE = '(folder / "learned.json").write_text(json.dumps([self.learned, self.guess]))'
TASK = "task, _ = next(iter(context._grant.labels.values()))"
FAULTS = {  # what: rule, component, text, other text, what the message names
    "cannot be imported": ("entry-point", "", "import contextlib", "import no_such_module, contextlib",
                           "No module named 'no_such_module'"),
    "adds nothing": ("entry-point", "", "@hookimpl", "", "adds nothing: implement a hook"),
    "has no licence": ("licence", "", "License-Expression: Apache-2.0\n", "", "name no licence"),
    "is for another xbench": ("metadata", "", ">=0.1", ">=99", "it is for xbench-transfer>=99"),
    "says not what it is for": ("metadata", "", "Requires-Dist: xbench-transfer>=0.1\n", "",
                                "a lower bound of xbench-transfer is wanted"),
    "has no citation": ("citation", "method recall", "Doe 2026, unpublished", "Doe", "there is 'Doe'"),
    "cannot be typed": ("names", "method re[call", '"recall"', '"re[call"', "'re[call' does not parse in a recipe"),
    "declares no scope": ("declarations", "method recall", "return Scope.SOURCE", 'return "all"',
                          "scope must give a Scope, not 'all'"),
    "cannot fit": ("runs", "method recall", READ, f"{READ}\n            return encoder.no_such_thing",
                   "AttributeError: 'FakeEncoder' object has no attribute 'no_such_thing'"),
    "reads what it does not declare": ("needs", "method recall", READ, f"{READ}\n            context.text('qaa')",
                                       "asked for text in 'qaa'"),
    "swallows what it was refused": (
        "needs", "method recall", READ,
        f"{READ}\n            with contextlib.suppress(Exception): context.text('qaa')", "asked for text in 'qaa'"),
    "reads beyond its scope": ("scope", "method recall", READ, "examples = context.labelled('qab')",
                               "asked for train labels in 'qab'"),
    "reads past its context": (
        "scope", "method recall", READ,
        f"{READ}\n            {TASK}\n            context._shelf.load(task, 'qab', Split.TRAIN)",
        "read the train split of qab past its context"),
    "reads the test split": (
        "test-labels", "method recall", READ,
        f"{READ}\n            {TASK}\n            examples = context._shelf.load(task, 'qab', Split.TEST)",
        "read the test split of qab past its context"),
    "learns test labels by a way of its own": (
        "test-labels", "method recall", READ,
        f"{TASK}\n            examples = task.load('qab', Split.TEST, context._shelf.data)",
        "with other test labels there are other predictions"),
    "learns nothing": ("learns", "method recall", "dict(zip(words, examples.gold[\"label\"].to_pylist()))", "{}",
                       "33 of 100 are right in the better language, by chance 33"),
    "draws from nowhere": ("same-seed", "method recall", "random.Random(context.seed).choice(task.labels)",
                           "(globals().setdefault('DREW', []).append(0) or task.labels[len(DREW) % len(task.labels)])",
                           "seed 0 was fitted twice, and predictions differ"),
    "ignores the seed": ("other-seed", "method recall", "random.Random(context.seed)", "random.Random(0)",
                         "seeds 0 and 1 give the same"),
    "draws though it says not": ("other-seed", "method recall", "version = 1", "version, deterministic = 1, True",
                                 "and seeds 0 and 1 differ"),
    "has another key each time": ("resumes", "method recall", "version = 1", "version = os.getpid()",
                                  "another process comes to other keys"),
    "cannot be imported elsewhere": ("resumes", "method recall", "import contextlib",
                                     "import sys; sys.modules['pytest']\n    import contextlib",
                                     "another process cannot plan what this one can: xbench.errors.UsageError"),
    "forgets what it learned": ("loads-back", "method recall", SAVE, '(folder / "learned.json").write_text("[{}, 0]")',
                                "load() fails on what save() wrote"),
    "forgets a part of it": ("loads-back", "method recall", "json.dumps([self.learned, self.guess])",
                             "json.dumps([self.learned, 'sun'])", "predicts otherwise"),
    "pickles": ("no-pickle", "method recall", SAVE, f'{SAVE}; (folder / "more").write_bytes(pickle.dumps(self.guess))',
                "save() wrote more, which is a pickle"),
    "opens the network": (
        "offline", "method recall", READ,
        f"{READ}\n            with contextlib.suppress(OSError): urllib.request.urlopen('http://example.org')",
        "the network was asked for example.org"),
    "hides an option from the key": ("options", "method recall", "if self.rounds < 1:",
                                     'object.__setattr__(self, "rounds", 3) if self.rounds > 0 else None\n'
                                     "            if self.rounds < 1:", "the key is the same with rounds=6"),
    "breaks on empty texts": ("broken-input", "method recall", "[encoder.word(text) for",
                              "[encoder.word(text.split()[-1]) for", "odd texts end in IndexError"),
    "breaks on options": ("broken-input", "method recall", "raise ValueError", "raise KeyError",
                          "the option rounds=-1 ends in KeyError"),
}  # fmt: skip


ALIGNER = """
    import json
    from xbench import hookimpl
    from xbench.contracts import Resource, Scope
    from xbench.testing import FakeAligner

    class Translating(FakeAligner):
        def needs(self, options):
            return frozenset({Resource.DICTIONARY})

        def fit(self, encoder, options, context):
            for target in context.targets:
                encoder.meanings |= {word: own for own, word in context.pairs(Resource.DICTIONARY, target)}
            return encoder

    @hookimpl
    def xbench_aligners():
        return [Translating(name="translating")]
"""


def written(folder, distribution, old="", new="", hooks=HOOKS):
    """The plugin in a folder, installed for whoever has it on the path, with one text of it replaced."""
    module = distribution.replace("-", "_")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    about = METADATA.format(distribution=distribution)
    assert not old or old in about + hooks
    (info / "METADATA").write_text(textwrap.dedent(about).replace(old, new))
    (info / "entry_points.txt").write_text(f"[xbench]\n{distribution} = {module}\n")
    (folder / f"{module}.py").write_text(textwrap.dedent(hooks.replace(old, new)))
    return folder
