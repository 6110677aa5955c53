"""What msgpack.packb makes of values noted as in test/vectors: a line of JSON in, a line of hex out."""

import json
import struct
import sys

import msgpack


def meant(note):
    if isinstance(note, list):
        return [meant(each) for each in note]
    if not isinstance(note, dict):
        return note
    ((kind, value),) = note.items()
    if kind == "int":
        return int(value)
    if kind == "float":
        return struct.unpack(">d", bytes.fromhex(value))[0]
    if kind == "bin":
        return bytes.fromhex(value)
    if kind == "time":
        seconds, ms = divmod(int(value), 1000)
        return msgpack.Timestamp(seconds, ms * 1_000_000)
    return {meant(key): meant(each) for key, each in value}


for line in sys.stdin:
    print(msgpack.packb(meant(json.loads(line))).hex())
