"""A footnote split into sentences."""

import re

_BREAK = re.compile(
    r"[.!?][\"')\]]{0,2} (?=[\"'(\[]?[A-Z0-9≤≥<>•*])"  # the end of a sentence
    r"|; "
    r"| ?• ?"
    r"| (?=\d{1,2}\.[A-Z])"  # "2.Second item", set without a space
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|eg|ie|vs|approx|nos?|figs?|secs?|al|dr|incl|resp|max|cf|ca|ver|v|st)$",
    re.IGNORECASE,
)
_LOOK_BACK = 300
"""Characters before a semicolon in which an open bracket is sought."""


def plain_text(text: str) -> str:
    """The text with single spaces, plain dashes and plain quotes."""
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", text).replace("\u2019", "'")
    plain = re.sub(r"[\u2022\u25aa\u25cf\u00b7\uf0b7]", "\u2022", plain)
    return " ".join(plain.split())


def split_sentences(plain: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every sentence of a plain text: full stops, bullets, semicolons, numbered items.

    Not split: decimals, abbreviations ("e.g. ECG"), and semicolons within brackets.

    >>> text = "Weight, e.g. at day 1.5. Height only once; see below."
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['Weight, e.g. at day 1.5', 'Height only once', 'see below.']
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for found in _BREAK.finditer(plain):
        if _is_inside(plain, start, found):
            continue
        spans.append((start, found.start()))
        start = found.end()
    spans.append((start, len(plain)))
    return tuple((begin, end) for begin, end in spans if end > begin)


def _is_inside(plain: str, start: int, found: re.Match[str]) -> bool:
    at = found.start()
    if found[0].startswith("."):
        return bool(_ABBREVIATION.search(plain[max(start, at - 8) : at]))
    if found[0].startswith(";"):
        before = plain[max(start, at - _LOOK_BACK) : at]
        return before.count("(") > before.count(")")
    return False
