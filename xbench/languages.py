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


def alpha3(tag: str) -> str:
    """The language of a tag in ISO 639-3: `zh-Hant` gives `zho`; empty where it has no code of three letters."""
    from langcodes import Language

    try:
        return Language.get(tag).to_alpha3()
    except LookupError:
        return ""


def script(tag: str) -> str:
    """The script of a tag in ISO 15924, by CLDR's likely subtags where it says none: `hi` gives `Deva`; else empty."""
    from langcodes import Language

    return Language.get(tag).maximize().script or ""
