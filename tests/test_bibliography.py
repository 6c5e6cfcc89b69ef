import re
from dataclasses import replace

import pytest

from tests.test_leaderboard import scored
from xbench.bibliography import Paper, parse, to_bibtex
from xbench.registry import load_registry


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.mark.parametrize(
    ("citation", "papers"),
    [
        ("Hu et al. 2020, XTREME, ICML, https://x.org/1", [("Hu et al.", "2020", "XTREME", "ICML", "https://x.org/1")]),
        ("A and B 2017, Simple, Inclusive, and Big", [("A and B", "2017", "Simple, Inclusive, and Big", "", "")]),
        ("Adelani et al. 2024, SIB: A, B, and C, EACL", [("Adelani et al.", "2024", "SIB: A, B, and C", "EACL", "")]),
        ("after A 2014, M; B et al. 2019, N, ACL", [("A", "2014", "M", "", ""), ("B et al.", "2019", "N", "ACL", "")]),
        ("A 2011, One; two, AAAI Spring Symposium", [("A", "2011", "One; two", "AAAI Spring Symposium", "")]),
        ("no paper", []),
    ],
)  # fmt: skip
def test_a_citation_is_read(citation, papers):
    assert parse(citation) == [Paper(*fields) for fields in papers]


def test_every_installed_citation_can_be_read(registry):
    things = [thing for kind in ("suite", "aligner", "method") for thing in registry.objects[kind].values()]
    assert len(things) > 40
    assert [thing.name for thing in things if not parse(thing.citation)] == []


ENTRY = re.compile(r"@misc\{([a-z0-9]+),\n((?:  \w+ = \{.*\},\n)+)\}")


def entries(text):
    return {key: dict(re.findall(r"  (\w+) = \{(.*)\},", body)) for key, body in ENTRY.findall(text)}


def test_two_citations_of_one_paper_are_one_entry_and_two_papers_of_one_key_are_told_apart(registry):
    registry = replace(registry, objects=registry.objects | {"method": dict(registry.objects["method"])})
    cited = {
        "a": "Hu et al. 2020, XTREME, ICML, https://x.org/1_2",
        "b": "Hu et al. 2020, XTREME: A Benchmark & More",
        "c": "Hu & Lee 2020, XTREME is no more, ACL",
        "d": "someone",
    }
    for name, citation in cited.items():
        registry.objects["method"][name] = type("M", (), {"citation": citation})
    text = to_bibtex([scored(name, "de", 70) for name in (*cited, "x@y", "[")], None, registry)
    assert entries(text) == {
        "conneau2018xnli": entries(text)["conneau2018xnli"],
        "hu2020xtremea": {
            "author": "Hu and Lee", "title": "{XTREME is no more}", "howpublished": "ACL", "year": "2020",
        },
        "hu2020xtremeb": {
            "author": "Hu and others", "title": r"{XTREME: A Benchmark \& More}", "howpublished": "ICML",
            "year": "2020", "url": "https://x.org/1_2",
        },
    }  # fmt: skip
    assert "% method a; method b\n" in text
    assert "% no paper is cited of method d: someone\n% no paper is cited of method x(at)y\n" in text
