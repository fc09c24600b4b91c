"""Known answers of the authors' own library, Random123 (Salmon et al. 2011), file kat_vectors."""

import numpy as np
import pytest

from unburden.kernels.random import compute_philox, draw_two_uniforms

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(counter, key, expected):
    words = compute_philox(*(np.uint64(word) for word in (*counter, *key)))
    assert tuple(int(word) for word in words) == expected


def test_uniforms_stay_inside_and_spread_evenly():
    draws = np.array(
        [
            draw_two_uniforms(np.uint64(1), np.uint64(t), np.uint64(p), np.uint64(0))
            for t in range(100)
            for p in range(100)
        ]
    )
    assert draws.min() > 0
    assert draws.max() < 1
    counts = np.histogram(draws.ravel(), bins=20, range=(0, 1))[0]
    expected = draws.size / 20
    assert ((counts - expected) ** 2 / expected).sum() < 52.4  # chi-squared, 19 degrees, 5e-5
