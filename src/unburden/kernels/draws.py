"""Numbers from other laws than the uniform, each a function of its place in the random stream."""

import math

import numba
import numpy as np

from unburden.kernels.random import draw_two_uniforms

NORMAL_SHAPE, STUDENT_SHAPE, LOG_NORMAL_SHAPE = range(3)
_TRIES = 200
_ONE = np.uint64(1)


@numba.njit(cache=True)
def draw_normals(seed, key, patient, draw):
    """Two independent standard normal numbers (Box & Muller 1958)."""
    u, v = draw_two_uniforms(seed, key, patient, draw)
    radius = math.sqrt(-2.0 * math.log(u))
    return radius * math.cos(2 * math.pi * v), radius * math.sin(2 * math.pi * v)


@numba.njit(cache=True, error_model="numpy")
def draw_gamma(seed, key, patient, draw, shape):
    """A gamma number of mean `shape` and scale 1 (Marsaglia & Tsang 2000), from draws `draw` on.

    Two places of the stream a try, 95 % accepted; after 200 refusals, which never happen, the mean.
    """
    raised = shape if shape >= 1.0 else shape + 1.0
    d = raised - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    place = draw
    found = raised
    for _ in range(_TRIES):
        normal, _ = draw_normals(seed, key, patient, place)
        uniform, _ = draw_two_uniforms(seed, key, patient, place + _ONE)
        place += np.uint64(2)
        cube = (1.0 + c * normal) ** 3
        if cube > 0.0 and math.log(uniform) < 0.5 * normal * normal + d - d * cube + d * math.log(cube):
            found = d * cube
            break
    if shape >= 1.0:
        return found
    boost, _ = draw_two_uniforms(seed, key, patient, place)
    return found * boost ** (1.0 / shape)


@numba.njit(cache=True, error_model="numpy")
def draw_standard(seed, key, patient, draw, law, number):
    """A number of mean 0 and variance 1: normal, Student's t of `number` degrees or log-normal.

    For the log-normal `number` is the standard deviation of its logarithm.
    """
    normal, _ = draw_normals(seed, key, patient, draw)
    if law == STUDENT_SHAPE:
        half = draw_gamma(seed, key, patient, draw + np.uint64(64), 0.5 * number)
        return normal / math.sqrt(2.0 * half / number) * math.sqrt((number - 2.0) / number)
    if law == LOG_NORMAL_SHAPE:
        growth = math.exp(number * number)
        return (math.exp(number * normal) - math.sqrt(growth)) / math.sqrt(growth * (growth - 1.0))
    return normal
