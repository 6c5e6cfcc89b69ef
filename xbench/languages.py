"""Language tags: BCP 47 inside xbench; a data set's own codes never leave its loader."""

import re

from xbench.errors import UsageError

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?")


def canonical(tag: str) -> str:
    """The tag in canonical case: `zh-hant` gives `zh-Hant`. Raises UsageError on what is no language tag."""
    match = _TAG.fullmatch(tag.strip())
    if match is None:
        raise UsageError(f"{tag!r} is not a language tag; write BCP 47 codes such as en, sw, zh or zh-Hant")
    language, script, region = match.groups()
    parts = [language.lower(), script.title() if script else "", region.upper() if region else ""]
    return "-".join(part for part in parts if part)
