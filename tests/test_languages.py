import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.errors import UsageError
from xbench.languages import canonical

TAG = st.from_regex(r"[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?", fullmatch=True)


@given(TAG)
def test_the_canonical_form_is_its_own_canonical_form_whatever_the_case(tag):
    assert canonical(tag) == canonical(canonical(tag)) == canonical(tag.upper()) == canonical(tag.lower())


def test_script_and_region_are_written_as_bcp_47_has_them():
    assert [canonical(tag) for tag in ("EN", "zh_hant", "pt-br", "es-419", "quy", "SR-latn-rs")] == [
        "en", "zh-Hant", "pt-BR", "es-419", "quy", "sr-Latn-RS",
    ]  # fmt: skip


@pytest.mark.parametrize("tag", ["", "e", "english", "en-", "en us", "eng_Latn_x", "ünï"])
def test_what_is_no_tag_is_refused_with_examples(tag):
    with pytest.raises(UsageError, match="zh-Hant"):
        canonical(tag)
