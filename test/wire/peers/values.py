"""Mixed values from a seed, and equality as strict as the wire allows."""

import math
import random
import struct

INTEGERS = sorted(
    {
        sign * (2**bits + step)
        for bits in (0, 5, 7, 8, 15, 16, 31, 32, 52, 53, 62, 63)
        for step in (-1, 0, 1)
        for sign in (1, -1)
        if -(2**63) <= sign * (2**bits + step) < 2**64
    }
    | {0, 2**64 - 1, -(2**63)}
)
FLOATS = [0.5, -0.1, 1e-320, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 2.0**70, 3.0]
TEXTS = ["", "a", "x" * 31, "x" * 32, "é" * 100, "日本語", "🎮 ok", "\ufeffbom", "nul\0", "z" * 300]
SIZES = [0, 1, 15, 16, 31, 32, 255, 256, 3000]


def value(rng: random.Random, depth: int = 0) -> object:
    kind = rng.randrange(10 if depth < 4 else 8)
    if kind == 0:
        return rng.choice(INTEGERS)
    if kind == 1:
        return rng.randrange(-(2 ** rng.randrange(1, 64)), 2 ** rng.randrange(1, 65))
    if kind == 2:
        return rng.choice(FLOATS)
    if kind == 3:
        return struct.unpack("<d", rng.randbytes(8))[0]
    if kind == 4:
        return rng.choice(TEXTS)
    if kind == 5:
        return "".join(chr(rng.choice((97, 228, 0x20AC, 0x1F600))) for _ in range(rng.randrange(40)))
    if kind == 6:
        return rng.choice([None, True, False])
    if kind == 7:
        return rng.randbytes(rng.choice(SIZES))
    length = rng.choice([0, 1, 3, 15, 16]) if depth < 2 else rng.randrange(3)
    if kind == 8:
        return [value(rng, depth + 1) for _ in range(length)]
    # A JavaScript object puts keys that look like integers first: "0" alone would move.
    return {f"{rng.choice(TEXTS)[:20]}#{i}": value(rng, depth + 1) for i in range(length)}


def same(ours: object, theirs: object) -> bool:
    """JavaScript has one kind of number: a float that is whole comes back as an integer."""
    if isinstance(ours, float):
        if math.isnan(ours):
            return isinstance(theirs, float) and math.isnan(theirs)
        return type(theirs) in (int, float) and ours == theirs
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    return ours == theirs
