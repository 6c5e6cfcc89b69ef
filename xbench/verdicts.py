"""What a check of a plugin found: rules, findings, and their report as Markdown, as JSON and as a badge."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from xbench.markup import escape, grid

SCHEMA = 1
RULES: Mapping[str, str] = MappingProxyType(
    {
        "entry-point": "every entry point can be imported and adds something",
        "metadata": "version, summary, the versions of Python and of xbench",
        "licence": "the metadata name a licence",
        "names": "names can be typed in a recipe, and one plugin has each",
        "declarations": "what is declared is of the contract's form",
        "citation": "authors, year and where, or what it is without a paper",
        "runs": "a grid of it runs to its scores",
        "learns": "better than chance",
        "needs": "a fit reads no kind of data but those declared",
        "scope": "a fit reads no language but those declared",
        "test-labels": "other test labels change no prediction",
        "same-seed": "the same seed gives the same predictions",
        "other-seed": "another seed gives something else, unless declared deterministic",
        "resumes": "after a kill, another process comes to the same keys and goes on",
        "loads-back": "what was saved predicts as what was fitted",
        "no-pickle": "nothing is pickled",
        "offline": "no network",
        "options": "every option changes the key",
        "broken-input": "odd texts give an answer or an error of xbench",
    }
)


class Verdict(StrEnum):
    """What a rule comes to."""

    OK = "ok"
    FAULT = "fault"
    NONE = "not applicable"


@dataclass(frozen=True)
class Finding:
    """One rule of one component, such as `method finetune`, or of the distribution, where that is empty.

    `what` says of a fault what was asked, what there is and what to do; else what was seen, or why nothing applies.
    """

    rule: str
    verdict: Verdict
    what: str
    component: str = ""


@dataclass(frozen=True)
class Report:
    """All findings about one distribution; `contract` is the number of the contract that it was held against."""

    distribution: str
    version: str
    contract: int
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that are faults."""
        return tuple(one for one in self.findings if one.verdict is Verdict.FAULT)

    @property
    def passed(self) -> bool:
        """Whether there is no fault."""
        return not self.faults

    def of(self, rule: str) -> tuple[Finding, ...]:
        """The findings of a rule."""
        return tuple(one for one in self.findings if one.rule == rule)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON; its form is numbered by `schema`."""
        told = {"schema": SCHEMA, "distribution": self.distribution, "version": self.version}
        faults = [_told(one) for one in self.faults]
        told |= {"contract": self.contract, "passed": self.passed, "seconds": round(self.seconds, 1)}
        return told | {"faults": faults, "findings": [_told(one) for one in self.findings]}

    def badge(self) -> dict[str, Any]:
        """What an endpoint badge of shields.io reads; it refuses fields that it does not know."""
        faults = len(self.faults)
        message = f"{faults} fault{'s' * (faults != 1)}" if faults else "passed"
        colour = "red" if faults else "brightgreen"
        return {"schemaVersion": 1, "label": f"xbench contract {self.contract}", "message": message, "color": colour}

    def to_markdown(self) -> str:
        """A table of rules with their verdicts, then every fault in full."""
        head = f"# {self.distribution} {self.version}: {self.badge()['message']}"
        about = f"Contract {self.contract}; {len(self.findings)} findings in {self.seconds:.0f} s."
        rows = [[rule, self._verdict(rule), escape(self._what(rule))] for rule in RULES]
        lines = [head, "", about, "", grid(["rule", "verdict", "what"], rows, {"rule", "verdict", "what"})]
        if self.faults:
            lines += ["", "## Faults", ""]
            told = [(f"{one.rule}, {one.component}" if one.component else one.rule, one.what) for one in self.faults]
            lines += [f"- **{where}**: {escape(what)}" for where, what in told]
        return "\n".join(lines) + "\n"

    def _verdict(self, rule: str) -> Verdict:
        found = {one.verdict for one in self.of(rule)}
        return next((one for one in (Verdict.FAULT, Verdict.OK) if one in found), Verdict.NONE)

    def _what(self, rule: str) -> str:
        """The rule, and how many components came to what; of one that applies to none, the reason."""
        found = self.of(rule)
        if self._verdict(rule) is Verdict.NONE:
            return "; ".join(dict.fromkeys(one.what for one in found)) or "nothing to check"
        counts = Counter(one.verdict for one in found)
        told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
        return f"{RULES[rule]} ({told})" if len(found) > 1 else f"{RULES[rule]}: {found[0].what}"


def _told(finding: Finding) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(finding).items()}
