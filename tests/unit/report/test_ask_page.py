"""The page for patients: plain words, printable alone, and no number without what it rests on."""

import re
from html.parser import HTMLParser

import pytest

from unburden.report.page import render_page

HOSTILE = "<img src=x onerror=alert(1)>"
VOID = {"br", "img", "hr", "input", "meta", "link"}


class _Reader(HTMLParser):
    """The text of paragraphs and list items, without what a study brings and what is a source."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.blocks: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("class") or ""))
            if tag in ("p", "li"):
                self.blocks.append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags = {tag for tag, _ in self.open}
        classes = {name for _, found in self.open for name in found.split()}
        if tags & {"p", "li"} and "button" not in tags and not classes & {"given", "source"}:
            self.blocks[-1] += data


def find_sentences(html: str) -> list[str]:
    """The sentences of a page, each a run of words up to a full stop, question mark or block's end."""
    reader = _Reader()
    reader.feed(html)
    parts = (part for block in reader.blocks for part in re.split(r"(?<=[.?!])\s+", " ".join(block.split())))
    return [part for part in parts if re.search("[a-zA-Z]{2}", part)]


def compute_grade(sentences: list[str]) -> float:
    """Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59 (Kincaid 1975).

    A figure counts as a word of one syllable.
    """
    words = [word for sentence in sentences for word in re.findall(r"[a-zA-Z]+|\d[\d,.]*", sentence)]
    syllables = sum(map(count_syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def count_syllables(word: str) -> int:
    """Runs of vowels, without a silent e at the end; at least one."""
    plain = re.sub(r"(?<![aeiouyl])es?$|(?<=[^aeiouytd])ed$", "", word.lower())
    return max(1, len(re.findall("[aeiouy]+", plain)))


def take_section(html: str) -> str:
    """The page for patients, without the rest."""
    found = re.search(r'<section id="you".*?</section>', html, re.DOTALL)
    assert found
    return found[0]


def test_names_of_patients_cannot_become_markup(content):
    for card in content["asks"]["cards"]:
        card |= {"persona": HOSTILE, "description": HOSTILE, "arms": [HOSTILE]}
    content["asks"]["standard_care"]["title"] = HOSTILE
    for design in content["designs"]:
        design["order"] |= {"verdict": f"Less on average, but more of: {HOSTILE}.", "is_bad": True}
    for override in content["sure"]["overrides"]:
        override |= {"persona": HOSTILE}
    for view in content["sure"]["views"]:
        view |= {"name": HOSTILE}
        view["by_persona"][0]["persona"] = HOSTILE
    html = render_page(content)
    assert HOSTILE not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") > 8


def test_patients_find_their_page_first_and_can_print_it_alone(report):
    html = report.read_text(encoding="utf-8")
    first = re.search(r'<nav><a href="([^"]*)">', html)
    assert first and first[1] == "#you"
    section = take_section(html)
    assert section.count("<article") == 2  # the arms ask the same
    assert 'id="print-you"' in section
    assert re.search(r"@media print .*\.you \{[^}]*break-before: page; break-after: page", html)
    assert ".only-you main > :not(.you) { display: none; }" in html


def test_the_page_for_patients_reads_easily(content):
    """Flesch-Kincaid grade of at most 7: an age of about 12. With and without standard care."""
    told = [find_sentences(take_section(render_page(content)))]
    content["asks"] |= {
        "standard_care": None,
        "unscheduled": content["asks"]["peak_blood"] | {"text": "about 1 extra visit in 180 days"},
        "footnotes": {"all": 9, "unread": 2},
    }
    told.append(find_sentences(take_section(render_page(content))))
    for sentences in told:
        assert len(sentences) > 50
        assert compute_grade(sentences) <= 7
        hard = [s for s in sentences if len(s.split()) > 24]
        assert not hard


def test_the_page_for_patients_holds_no_words_of_statistics(report):
    section = take_section(report.read_text(encoding="utf-8"))
    text = re.sub(r'data-tip="[^"]*"', "", section)
    for word in (
        "percent",
        "interval",
        "persona",
        "median",
        "mean ",
        "quantile",
        "baseline",
        "protocol",
        "—",
    ):
        assert word not in text.lower(), word


def test_a_study_without_standard_care_says_that_it_is_not_known(content):
    content["asks"]["standard_care"] = None
    section = take_section(render_page(content))
    assert "We do not know what normal care would ask of you." in section
    assert "The trial adds" not in re.sub(r'<p class="lead">.*?</p>', "", section, flags=re.DOTALL)


def test_the_increment_stands_beside_each_total(report, content):
    html = report.read_text(encoding="utf-8")
    totals = [t for each in (content["overall"], *content["burden"]) for t in each["totals"] if t["value"]]
    assert all(t["increment"] for t in totals)
    assert html.count("beyond standard care</small>") == len(totals)


def test_a_design_that_hurts_somebody_is_flagged(content):
    verdict = "Less on average, but more of: patient living far away."
    for design in content["designs"]:
        design["order"] |= {"verdict": verdict, "is_bad": True}
    html = render_page(content)
    flags = html.count(f'<span class="warn">{verdict}</span>')
    assert flags == len(content["designs"]) + len(content["highlights"])  # rows and cards


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("trial", 1),
        ("blood", 1),
        ("doctor", 2),
        ("study", 2),
        ("average", 3),
        ("taken", 2),
        ("table", 2),
        ("time", 1),
    ],
)
def test_syllables_are_counted_by_runs_of_vowels(word, syllables):
    assert count_syllables(word) == syllables


def test_hard_words_and_long_sentences_raise_the_grade():
    easy = ["You go to the clinic.", "The nurse takes blood."]
    hard = [
        "Participants undergo haematological evaluation immediately preceding administration of medication."
    ]
    assert compute_grade(easy) < 3 < 15 < compute_grade(hard)


def test_text_of_the_study_and_sources_are_left_out():
    html = (
        "<p>One two. Three four.<b class='given'>Five.</b></p><p class='source'>Six.</p><li>Eight: nine.</li>"
    )
    assert find_sentences(html) == ["One two.", "Three four.", "Eight: nine."]
