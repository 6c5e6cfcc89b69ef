"""Checks of one distribution with plugins: what it says of itself, then what its aligners and methods do."""

import logging
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from xbench import conduct, contracts, credentials, encoder_types, names, remains
from xbench.errors import XbenchError, unknown
from xbench.killed import kill
from xbench.lab import Lab, small
from xbench.offline import offline
from xbench.trials import Check, Trial
from xbench.verdicts import Finding, Report, Verdict

log = logging.getLogger("xbench")
TRIED: Mapping[str, Check] = {
    "runs": conduct.runs,
    "learns": conduct.learns,
    "needs": conduct.needs,
    "scope": conduct.scope,
    "same-seed": conduct.same_seed,
    "test-labels": conduct.test_labels,
    "other-seed": conduct.other_seed,
    "resumes": conduct.resumes,
    "loads-back": remains.loads_back,
    "no-pickle": remains.no_pickle,
    "options": remains.option_keys,
    "broken-input": remains.broken_input,
    "offline": remains.offline_alone,
}


def check(distribution: str, only: Sequence[str] = ()) -> Report:
    """Hold an installed distribution to every rule.

    `only` are the aligners and methods that are tried, by default all, each with the options it is tried with, such as
    `adversarial[steps=20]`. Raises UsageError where there is no such distribution, or none of that name in it.
    """
    started = time.monotonic()
    with offline() as asked:
        subject = credentials.subject(distribution)
        found = list(credentials.findings(subject))
    if asked:
        told = f"being described, it asked the network for {', '.join(dict.fromkeys(asked))}"
        found.append(Finding("offline", Verdict.FAULT, f"{told}: let nothing be fetched before a fit or a load"))
    things = _chosen(credentials.parts_of(subject.given), only)
    with tempfile.TemporaryDirectory(prefix="xbench-check-") as folder:
        try:
            lab = Lab.opened(Path(folder))
        except XbenchError as error:
            found.append(Finding("names", Verdict.FAULT, str(error)))
        else:
            ill = {one.component for one in found if one.rule == "declarations" and one.verdict is Verdict.FAULT}
            found += _tried(lab, subject, things, ill)
    about = subject.distribution
    return Report(subject.name, str(about.version), contracts.CONTRACT, time.monotonic() - started, tuple(found))


def _chosen(things: Sequence[tuple[str, Any]], only: Sequence[str]) -> list[tuple[str, Any, Mapping[str, str]]]:
    """The kind and thing of each that is to be tried, with the options that were asked for."""
    asked = {name.name: dict(name.options) for name in map(names.parse, only)}
    known = {thing.name for _, thing in things}
    for name in asked.keys() - known:
        raise unknown("aligner or method of this distribution", name, known)
    return [(kind, thing, asked.get(thing.name, {})) for kind, thing in things if not asked or thing.name in asked]


def _tried(
    lab: Lab, subject: credentials.Subject, things: Sequence[tuple[str, Any, Mapping[str, str]]], ill: Collection[str]
) -> Iterator[Finding]:
    """What the things do: those that the registry took in, that are not `ill`, and that have an invented task."""
    tried: list[Trial] = []
    needed = _needed(subject.name)
    for kind, thing, options in things:
        owner, title = lab.registry.owners.get((kind, thing.name)), f"{kind} {thing.name}"
        models, after = ([], None) if title in ill else lab.models(thing, needed)
        ran = Verdict.NONE  # what is to be said of a thing that another fault keeps from running
        if owner is None or owner.distribution != subject.name:
            why = "the plugin is left out as broken, see the other faults"
        elif title in ill:
            why = "its declarations are no good, see their fault"
        elif lab.kind(thing) is None:
            why = f"there is no invented task of {', '.join(thing.task_kinds)}"
        elif after is None:
            ran, lacking = Verdict.FAULT, "method that takes" if models else "model that gives"
            why = f"no {lacking} encoders of the type {encoder_types.listed(thing)} is installed, to try it with"
        else:
            part = small(kind, thing, options, after)
            tried.append(Trial(lab, part, models, str(len(tried))))
            continue
        yield from (Finding(rule, ran if rule == "runs" else Verdict.NONE, why, title) for rule in TRIED)
    running = [trial for trial in tried if trial.first.error is None]
    if running:
        kill(lab.folder, running)
    for trial in tried:
        log.info("checking %s", trial.part.title)
        yield from (trial.held_to(rule, check) for rule, check in TRIED.items())


def _needed(distribution: str) -> set[str]:
    """The distributions that one needs, itself among them."""
    waiting: list[str] = [distribution]
    seen: set[str] = set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in seen:
            seen.add(name)
            try:
                waiting += [Requirement(one).name for one in metadata.requires(name) or [] if "extra ==" not in one]
            except metadata.PackageNotFoundError:
                continue
    return seen
