"""Histograms of shards: quantiles as NumPy finds them, whatever the parts."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unburden.domain.shards import find_quantile, merge_histograms

VALUES = st.lists(st.integers(0, 30), min_size=1, max_size=200)


def count(values: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(Counter(values).items()))


@given(values=VALUES, share=st.sampled_from([0.05, 0.25, 0.5, 0.95]))
def test_quantiles_are_numpys(values, share):
    value, low, high = find_quantile(count(values), share)
    assert value == np.quantile(values, share, method="inverted_cdf")
    assert low <= value <= high


@given(parts=st.lists(VALUES, min_size=1, max_size=4))
def test_parts_make_the_whole_in_any_order(parts):
    whole = count([value for part in parts for value in part])
    assert merge_histograms(map(count, parts)) == whole
    assert merge_histograms(map(count, reversed(parts))) == whole
