import pytest

from xbench.errors import DataError
from xbench.references import Reference, about, read

HEAD = "source,model,of,metric,language,score\n"


def test_numbers_are_read_in_their_order_and_kept_apart_by_source(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(HEAD + 'a paper,XLM-R,xnli,accuracy,,79.2\n"b, v2",XLM-R,xnli,accuracy,,80.9\n', encoding="utf-8")
    assert read(path) == (
        Reference("a paper", "XLM-R", "xnli", "accuracy", "", 79.2),
        Reference("b, v2", "XLM-R", "xnli", "accuracy", "", 80.9),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("source,score\n", "line 1: the columns must be source,model"),
        ("", "line 1: the columns must be"),
        (HEAD + "p,m,xnli,accuracy,en\n", "line 2: needs source"),
        (HEAD + "p,,xnli,accuracy,en,1\n", "line 2: needs source"),
        (HEAD + "p,m,xnli,accuracy,en,high\n", "line 2: the score must be a number, not 'high'"),
        (HEAD + "p,m,xnli,accuracy,en,nan\n", "must be a number"),
        (HEAD + "p,m,xnli,accuracy,en,1\n" * 2, "line 3: the same number stands above: p, m, xnli, accuracy, en"),
    ],
)
def test_a_broken_file_is_named_with_the_line(tmp_path, text, says):
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert says in str(caught.value)


def test_a_file_that_is_not_there_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot read the published numbers"):
        read(tmp_path / "gone.csv")


def test_what_is_not_of_the_suite_is_left_out():
    one, other = (Reference("p", "m", of, "f1", "", 1.0) for of in ("panx", "udpos"))
    assert about([one, other], ["udpos", "xtreme"]) == (other,)
