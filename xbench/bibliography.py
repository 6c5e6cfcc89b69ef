"""What a board stands on as BibTeX: the papers of its data sets, aligners and methods, as plugins and suites cite them.

A citation is a text, `Hu et al. 2020, XTREME, ICML, https://arxiv.org/abs/2003.11080`: authors and year, title, and
where there are such, venue and address. Several are joined by semicolons.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from xbench import names
from xbench.cell import Result, Status
from xbench.errors import UsageError
from xbench.latex import escape
from xbench.markup import one_line
from xbench.ranks import lettered
from xbench.registry import Registry
from xbench.suite import Suite

_NEXT = re.compile(r"; (?=[^,;]+ \d{4}, )")
_CITATION = re.compile(r"(?:after )?(?P<authors>.+?) (?P<year>\d{4}), (?P<title>.+?)(?:, (?P<url>https?://\S+))?")
_VENUE = re.compile(r"(?P<title>.+), (?P<venue>(?=[^,]*[A-Z]\w*[A-Z])[A-Z][^,\s]*(?: [^,\s]+){0,3})")


@dataclass(frozen=True)
class Paper:
    """A cited paper; `uses` are the things that cite it, such as `method finetune`."""

    authors: str
    year: str
    title: str
    venue: str = ""
    url: str = ""
    uses: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The key, but for a letter where two papers share it: `hu2020xtreme`."""
        first = re.split(r" et al\b|,| and | & ", self.authors)[0]
        plain = unicodedata.normalize("NFKD", f"{first}{self.year}{self.title.split()[0]}").lower()
        return re.sub(r"[^a-z0-9]", "", plain)

    def same(self, other: "Paper") -> bool:
        """Whether these are one paper: a citation may cut its title short."""
        short, long = sorted((self.title.lower(), other.title.lower()), key=len)
        return self.stem == other.stem and long.startswith(short)

    def merged(self, other: "Paper") -> "Paper":
        """All that two citations of one paper tell."""
        return replace(
            self,
            title=max(self.title, other.title, key=len),
            venue=self.venue or other.venue,
            url=self.url or other.url,
            uses=tuple(dict.fromkeys((*self.uses, *other.uses))),
        )


def parse(citation: str, use: str = "", url: str = "") -> list[Paper]:
    """The papers of a citation, none where it is not of the form above; `url` is the first one's, if it has none."""
    papers: list[Paper] = []
    for text in _NEXT.split(one_line(citation)):
        found = _CITATION.fullmatch(text)
        if found is None:
            return []
        titled = _VENUE.fullmatch(found["title"])
        title, venue = (titled["title"], titled["venue"]) if titled else (found["title"], "")
        address = found["url"] or ("" if papers else url)
        papers.append(Paper(found["authors"], found["year"], title, venue, address, (use,) if use else ()))
    return papers


def to_bibtex(results: Iterable[Result], suite: Suite | None, registry: Registry) -> str:
    """An entry per paper, by key; in comments what it is cited for, and what nobody cites a paper of.

    Data sets are cited by the suite they are of, that of fewest tasks where there are several; aligners and methods
    by their plugins. Only what gave a result counts.
    """
    papers: list[Paper] = []
    uncited = []
    for use, citation, url in _cited(results, suite, registry):
        found = parse(citation, use, url)
        uncited += [] if found else [f"{use}{f': {one_line(citation)}' if citation else ''}"]
        for paper in found:
            at = next((at for at, other in enumerate(papers) if other.same(paper)), None)
            if at is None:
                papers.append(paper)
            else:
                papers[at] = papers[at].merged(paper)
    lines = [_comment(f"no paper is cited of {use}") for use in uncited]
    parts = ["\n".join(lines)] if lines else []
    return "\n\n".join([*parts, *_entries(papers)]) + "\n" if parts or papers else "% No results.\n"


def _cited(results: Iterable[Result], suite: Suite | None, registry: Registry) -> Iterator[tuple[str, str, str]]:
    """What is used, its citation and its address, each once, by kind and name."""
    used: set[tuple[str, str]] = set()
    for result in (one for one in results if one.status is Status.OK):
        asked = names.parse(result.cell.task)
        data = [
            str(result.dataset.get("task", asked.name)),
            *(str(one.get("id")) for one in result.dataset.get("train", ())),
        ]
        used |= {("data set", name.removesuffix("-sample")) for name in data}
        used |= {("method", value) for option, value in asked.options if option == "method"}
        used |= _components(result.cell.recipe)
    if suite is not None and used:
        yield f"suite {suite.name}", suite.citation, suite.url
    for kind, name in sorted(used):
        if kind == "data set":
            of = [one for one in registry.objects["suite"].values() if name in one.members]
            home = min(of, key=lambda one: (len(one.tasks), one.name), default=None)
            yield f"{kind} {name}", home.citation if home else "", home.url if home else ""
        else:
            yield f"{kind} {name}", getattr(registry.objects[kind].get(name), "citation", ""), ""


def _components(recipe: str) -> set[tuple[str, str]]:
    """The aligners and the method of a recipe; of what is none, such as predictions of others, the text as it is."""
    try:
        *aligners, method = (part.name for part in names.parse_recipe(recipe))
    except UsageError:
        return {("method", recipe)}
    return {("method", method), *(("aligner", name) for name in aligners)}


def _entries(papers: Iterable[Paper]) -> Iterator[str]:
    by_stem: dict[str, list[Paper]] = {}
    for paper in papers:
        by_stem.setdefault(paper.stem, []).append(paper)
    for stem, several in sorted(by_stem.items()):
        for at, paper in enumerate(sorted(several, key=lambda one: one.title)):
            yield _entry(paper, stem + (lettered(at) if len(several) > 1 else ""))


def _entry(paper: Paper, key: str) -> str:
    authors = re.sub(r", | & ", " and ", re.sub(r",? et al\.?", " and others", paper.authors))
    fields = {
        "author": escape(authors),
        "title": f"{{{escape(paper.title)}}}",
        "howpublished": escape(paper.venue),
        "year": paper.year,
        "url": re.sub(r"[{}\\]", "", paper.url),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([_comment("; ".join(paper.uses)), f"@misc{{{key},", *lines, "}"])


def _comment(text: str) -> str:
    """Text outside of entries, where nothing but @ means anything."""
    return f"% {one_line(text).replace('@', '(at)')}"
