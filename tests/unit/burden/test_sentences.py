"""Footnotes split into sentences, without cutting what looks like an end of one."""

import pytest

from unburden.burden.sentences import plain_text, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One", "Two", "Three?"]),
        ("Dose 1.5 mg. See Sec. 4.2.", ["Dose 1.5 mg", "See Sec. 4.2."]),
        ("Scales, e.g. ECOG, i.e. WHO.", ["Scales, e.g. ECOG, i.e. WHO."]),
        ("First; second (a; b).", ["First", "second (a; b)."]),
        ("\u2022 First \u2022 Second", ["First", "Second"]),
        ("1.First 2.Second", ["1.First", "2.Second"]),
        ("C. difficile toxin", ["C. difficile toxin"]),
        ('He said "no." Then (2) more.', ['He said "no', "Then (2) more."]),
        ("", []),
    ],
)
def test_sentences(text, sentences):
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


def test_plain_text_has_single_spaces_and_plain_marks():
    assert plain_text(" Day\u00a0\u22121\u2013 3\n the patient\u2019s ") == "Day -1- 3 the patient's"
