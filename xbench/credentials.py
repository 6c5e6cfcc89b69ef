"""Rules about what a distribution says of itself and of what it adds; nothing is trained."""

import importlib.metadata
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from xbench import __version__
from xbench.contracts import Data, Origin, Split
from xbench.declared import CHECKS, summary
from xbench.errors import XbenchError, unknown
from xbench.isolation import isolated
from xbench.names import plain
from xbench.plugins import GROUP, hooked
from xbench.verdicts import Finding, Verdict

CORE = "xbench-transfer"
_YEAR = re.compile(r"\b(19|20)\d\d\b")


@dataclass(frozen=True)
class Subject:
    """An installed distribution with the plugins it has: what they add, by kind, and what is wrong with them."""

    distribution: importlib.metadata.Distribution
    given: tuple[tuple[str, Any], ...]
    broken: tuple[str, ...]

    @property
    def name(self) -> str:
        """The distribution's name, as it is installed."""
        return str(self.distribution.name)


def subject(name: str) -> Subject:
    """The distribution of that name. Raises UsageError that says which have plugins where it has none."""
    points = importlib.metadata.entry_points(group=GROUP)
    known = {canonicalize_name(point.dist.name): point.dist for point in points if point.dist}
    wanted = canonicalize_name(name)
    found = known.get(wanted)
    if found is None:
        raise unknown("distribution with a plugin", name, known, "; install it first: pip install -e FOLDER")
    given: list[tuple[str, Any]] = []
    broken = []
    for point in (point for point in points if point.dist and canonicalize_name(point.dist.name) == wanted):
        try:
            with isolated():
                more = list(hooked(point.name, point.load()))
        except Exception as error:
            broken.append(
                f"the entry point {point.name} = {point.value} cannot be used: {type(error).__name__}: {error}"
            )
        else:
            given += more
            broken += [] if more else [f"the entry point {point.name} = {point.value} adds nothing: implement a hook"]
    return Subject(found, tuple(given), tuple(broken))


def findings(subject: Subject) -> Iterator[Finding]:
    """What every rule about declarations comes to."""
    yield from (Finding("entry-point", Verdict.FAULT, fault) for fault in subject.broken)
    if not subject.broken:
        yield Finding("entry-point", Verdict.OK, f"adds {len(subject.given)} things")
    yield _told("metadata", "", _metadata(subject.distribution.metadata))
    yield _told("licence", "", _licence(subject.distribution.metadata))
    for kind, thing in subject.given:
        title = f"{kind} {_name(kind, thing)}"
        yield _told("names", title, _named(kind, thing))
        yield _told("declarations", title, _declared(kind, thing))
        if kind in ("aligner", "method"):
            yield _told("citation", title, _cited(thing))
        if kind == "task":
            yield _told("broken-input", title, _empty_folder(thing))


def _told(rule: str, component: str, fault: str) -> Finding:
    return Finding(rule, Verdict.FAULT if fault else Verdict.OK, fault or "as it should be", component)


def _name(kind: str, thing: Any) -> str:
    return Path(thing).stem if kind == "suite" else str(getattr(thing, "name", "without a name"))


def _metadata(about: Any) -> str:
    """What the metadata lack; empty when they lack nothing."""
    try:
        Version(about["Version"] or "")
        needed = [Requirement(one) for one in about.get_all("Requires-Dist") or []]
    except (InvalidVersion, InvalidRequirement) as error:
        return f"{error}: write versions by PEP 440, requirements by PEP 508"
    lacking = [field for field in ("Summary", "Requires-Python") if not about[field]]
    if lacking:
        return f"the metadata have no {' and no '.join(lacking)}: add description and requires-python to the project"
    core = next((one for one in needed if canonicalize_name(one.name) == CORE), None)
    if core is None or not any(bound.operator in (">=", "==", "~=") for bound in core.specifier):
        what = f"a lower bound of {CORE} is wanted among the dependencies, and there is {core or 'no such dependency'}"
        return f"{what}: write {CORE}>={__version__}"
    if not core.specifier.contains(__version__, prereleases=True):
        return (
            f"it is for {core}, and this is {__version__}: check it against the version it is for, or widen the bound"
        )
    return ""


def _licence(about: Any) -> str:
    classified = [one for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    if about["License-Expression"] or about["License"] or classified:
        return ""
    return 'the metadata name no licence, and nobody may use what has none: add license = "Apache-2.0" or another'


def _named(kind: str, thing: Any) -> str:
    """What is wrong with a name; empty when it can be typed."""
    if kind == "suite":
        return ""
    name = getattr(thing, "name", None)
    if not isinstance(name, str) or not name:
        return f"a {kind} needs a name, a text, and there is {name!r}"
    return "" if plain(name) else f"the name {name!r} does not parse in a recipe: use letters, digits, - and ."


def _declared(kind: str, thing: Any) -> str:
    """What is not of the contract's form; empty when all is."""
    try:
        CHECKS.get(kind, summary)(thing)
    except XbenchError as error:
        return str(error)
    except Exception as error:
        return f"asking for what it declares ends in {type(error).__name__}: {error}"
    return ""


def _cited(thing: Any) -> str:
    citation = getattr(thing, "citation", "")
    if isinstance(citation, str) and _YEAR.search(citation):
        return ""
    what = f"a citation with authors, year and where is wanted, and there is {citation!r}"
    return f"{what}: boards cite it; of what has no paper write: NAMES YEAR, unpublished"


def _empty_folder(task: Any) -> str:
    """A folder without data must be told as data that are missing, not as a fault of the task."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            task.load(task.languages[0], Split.TEST, Data(Origin.FOLDER, Path(folder)))
        except XbenchError:
            return ""
        except Exception as error:
            return f"an empty data folder ends in {type(error).__name__}: {error}: raise MissingDataError"
    return "an empty data folder gives examples all the same: read the folder that is asked for"


def parts_of(given: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The aligners and methods: what is tried."""
    return [(kind, thing) for kind, thing in given if kind in ("aligner", "method") and not _named(kind, thing)]
