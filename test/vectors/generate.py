"""Makes the vectors of this folder: frames as Python's msgpack packs them, with what they mean.

    .venv/bin/python test/vectors/generate.py && npx biome format --write test/vectors

packed.json  messages packed by msgpack.packb
suite.json   every encoding of the npm package msgpack-test-suite, as a field of a message

A vector is { name, frame, value, canonical } or { name, frame, fault }. `frame` is the whole frame in
hex, `canonical` says that our frame writer makes these very bytes of `value`, `fault` is the verdict
of the walk under a server's default limits (`CODE detail`). A value is noted as

    null, true, false, "text", [array]      themselves
    {"int": "12"}                           an integer, in decimal
    {"float": "3ff8000000000000"}           a float, as the eight bytes of its double
    {"bin": "00ff"}                         bytes
    {"time": "-1"}                          a Date, in whole milliseconds since 1970
    {"map": [["key", value], ...]}          a map; integer keys are noted as the text they become
"""

import json
import struct
from pathlib import Path

import msgpack

HERE = Path(__file__).parent
SUITE = HERE.parents[1] / "node_modules/msgpack-test-suite/dist/msgpack-test-suite.json"
DATE_MS = 8_640_000_000_000_000


class Unrepresentable(Exception):
    """No Date holds this time."""


def note(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": "7ff8000000000000" if value != value else struct.pack(">d", value).hex()}
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, msgpack.Timestamp):
        ms = value.seconds * 1000 + value.nanoseconds // 1_000_000
        if abs(ms) > DATE_MS:
            raise Unrepresentable
        return {"time": str(ms)}
    if isinstance(value, list):
        return [note(each) for each in value]
    if isinstance(value, dict):
        return {"map": [[str(key), note(each)] for key, each in value.items()]}
    raise TypeError(type(value))


def is_canonical(value):
    """Whether our writer gives the same bytes: it has no integral floats, and Dates of whole ms."""
    if isinstance(value, float):
        return not value.is_integer() or abs(value) > 2**53 - 1
    if isinstance(value, msgpack.Timestamp):
        return value.nanoseconds % 1_000_000 == 0
    if isinstance(value, list):
        return all(map(is_canonical, value))
    if isinstance(value, dict):
        # A JS object has its integer-like keys in front, whatever the order they came in.
        texts = all(isinstance(key, str) and not key.isdecimal() for key in value)
        return texts and all(map(is_canonical, value.values()))
    return True


def frame_of(payload):
    return (struct.pack(">I", len(payload)) + payload).hex()


def vector(name, message):
    payload = msgpack.packb(message)
    return {
        "name": name,
        "frame": frame_of(payload),
        "value": note(message),
        "canonical": is_canonical(message),
    }


def field(name, value):
    return vector(name, {"action": "x", "v": value})


def integers():
    edges = {0, 2**64 - 1}
    for bits in (5, 7, 8, 15, 16, 31, 32, 52, 53, 63):
        for edge in (2**bits - 1, 2**bits, 2**bits + 1):
            edges |= {edge, -edge}
    return sorted(edge for edge in edges if -(2**63) <= edge < 2**64)


FLOATS = [0.0, -0.0, 1.0, -1.0, 0.1, 1.5, -2.5, 1e-7, 1e20, -1e300, 5e-324, 2.0**53, 2.0**63, 2.0**64]
FLOATS += [float("inf"), float("-inf"), float("nan"), 3.4028234663852886e38, 1.7976931348623157e308]

TEXTS = ["", "a", "\0", "é", "日本語", "😀", "\ufffd", "\ufeff", "\ufeffbom", "\u07ff\u0800\uffff\U0010ffff"]
TEXTS += [letter * size for letter in "aé" for size in (1, 11, 15, 16, 23, 24, 25, 31, 32, 63, 64, 65)]
TEXTS += ["x" * size for size in (255, 256, 2047, 2048)] + ["é" * 127 + "x", "é" * 128, "日" * 1000]
TEXTS += ["\ufeff" + "x" * size for size in (60, 61, 62, 100, 300)]

TIMES = [(0, 0), (1, 0), (0, 1_000_000), (0, 999_999_999), (1, 999_999), (2**32 - 1, 0), (2**32, 0)]
TIMES += [(2**32 - 1, 999_000_000), (2**34 - 1, 0), (2**34 - 1, 999_999_999), (2**34, 0)]
TIMES += [(-1, 0), (-1, 1), (-1, 999_000_000), (-1, 999_999_999), (1_700_000_000, 123_456_789)]
TIMES += [(8_640_000_000_000, 0), (8_640_000_000_000, 999_999), (-8_640_000_000_000, 0)]

MESSAGES = {
    "nothing but an action": {"action": "x"},
    "an empty action": {"action": ""},
    "an action of 64 bytes": {"action": "a" * 64},
    "the action at the end": {"x": 1, "y": [2], "action": "late"},
    "an input": {"action": "input", "seq": 100_000, "dx": 0.25, "dy": -0.75, "buttons": 5},
    "a state": {
        "action": "state",
        "tick": 77,
        "players": [
            {"id": n, "x": n * 8.5 + 0.1, "y": -n - 0.5, "hp": 100 - n, "name": f"player{n}"}
            for n in range(20)
        ],
    },
    "a chat line": {"action": "chat", "from": "Ada", "text": "¿qué tal? 你好 😀" * 3},
    "keys of every width": {"action": "x", "": 1, "k" * 31: 2, "k" * 32: 3, "é" * 128: 4},
    "names of Object.prototype": {"action": "toString", "constructor": 1, "hasOwnProperty": 2},
    "integer keys": {"action": "x", "v": {1: "a", -1: "b", 2**63: "c", 0: "d", 200: "e"}},
}

CONTAINERS = {
    "an empty array": [],
    "an empty map": {},
    "arrays of every width": [[0] * size for size in (15, 16, 255, 256)],
    "maps of every width": [{f"k{n}": n for n in range(size)} for size in (15, 16, 17, 300)],
    "a mixed array": [1, -1, 2.5, "three", None, True, False, b"4", [5], {"six": 6}],
    "nested 60 deep": None,
}
for _ in range(58):
    CONTAINERS["nested 60 deep"] = [CONTAINERS["nested 60 deep"], {"k": 1}]

BINARIES = [b"", b"\0", b"\xff" * 255, bytes(range(256))]


def packed():
    yield from (vector(name, message) for name, message in MESSAGES.items())
    yield from (field(name, value) for name, value in CONTAINERS.items())
    yield from (field(f"the integer {value}", value) for value in integers())
    yield from (field(f"the float {value}", value) for value in FLOATS)
    yield from (field(f"a text of {len(text)} characters: {text[:8]!r}", text) for text in TEXTS)
    yield from (field(f"{len(value)} bytes", value) for value in BINARIES)
    yield from (field(f"{s} s and {ns} ns", msgpack.Timestamp(s, ns)) for s, ns in TIMES)


def declared(entry):
    """The value that the suite says an encoding has."""
    if "bignum" in entry:
        return int(entry["bignum"])
    ((kind, value),) = ((key, entry[key]) for key in entry if key != "msgpack")
    if kind == "binary":
        return bytes.fromhex(value.replace("-", ""))
    if kind == "timestamp":
        return msgpack.Timestamp(*value)
    if kind == "ext":
        return msgpack.ExtType(value[0], bytes.fromhex(value[1].replace("-", "")))
    return value


def suite():
    for group, entries in json.loads(SUITE.read_text()).items():
        for entry in entries:
            for encoding in entry["msgpack"]:
                raw = bytes.fromhex(encoding.replace("-", ""))
                value = msgpack.unpackb(raw, strict_map_key=False)
                if value != declared(entry):
                    raise ValueError(f"{group}: {encoding} is {value!r}")
                payload = bytes.fromhex("82a6616374696f6ea178a176") + raw
                made = {"name": f"{group[:-5]}: {encoding[:60]}", "frame": frame_of(payload)}
                try:
                    made["value"] = note({"action": "x", "v": value})
                    made["canonical"] = is_canonical(value) and msgpack.packb(value) == raw
                except (Unrepresentable, TypeError):
                    made["fault"] = "DECODE_ERROR ext"
                yield made


def write(name, vectors):
    lines = [json.dumps(each, separators=(",", ":"), ensure_ascii=True) for each in vectors]
    (HERE / name).write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{name}: {len(lines)} vectors")


write("packed.json", packed())
write("suite.json", suite())
