# SPDX-License-Identifier: EUPL-1.2
"""The contract's messages as Python dicts, from the .proto files alone: a second, small implementation of the wire format (proto3), so that tests do not look at the
gateway through the gateway's own code. Enums are their names without prefix knowledge ("PURPOSE_COORDINATION"), bytes are bytes, absent fields are absent."""
import functools
import pathlib
import struct
import subprocess
import tempfile

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"

# FieldDescriptorProto.Type
DOUBLE, FLOAT, INT64, UINT64, INT32, FIXED64, FIXED32, BOOL, STRING, MESSAGE, BYTES, UINT32, ENUM = 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14
REPEATED = 3
VARINTS = {INT64, UINT64, INT32, BOOL, UINT32, ENUM}


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def fields(octets):
    """The fields of a message as (number, wire type, value), lengths checked."""
    at = 0

    def read_varint():
        nonlocal at
        value = shift = 0
        while True:
            octet = octets[at]
            at += 1
            value |= (octet & 0x7F) << shift
            if octet < 0x80:
                return value
            shift += 7

    while at < len(octets):
        tag = read_varint()
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            yield number, kind, read_varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or read_varint()
        if at + size > len(octets):
            raise ValueError("truncated")
        yield number, kind, bytes(octets[at:at + size])
        at += size


def field(number, value):
    """One field: an int as varint, bytes or str with length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    octets = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(octets)) + octets


class Field:
    def __init__(self, octets):
        parts = {n: v for n, _, v in fields(octets)}
        self.name = parts[1].decode()
        self.number = parts[3]
        self.repeated = parts.get(4) == REPEATED
        self.type = parts[5]
        self.type_name = parts.get(6, b"").decode().lstrip(".")


class Schema:
    """All messages and enums of the contract, by full name."""

    def __init__(self):
        self.messages = {}
        self.enums = {}
        with tempfile.NamedTemporaryFile() as out:
            names = sorted(str(p.relative_to(PROTO)) for p in PROTO.rglob("*.proto"))
            subprocess.run(["protoc", f"-I{PROTO}", "-I/usr/include", "--include_imports", f"--descriptor_set_out={out.name}", *names], check=True)
            for _, _, file in fields(out.read()):
                parts = [(n, v) for n, _, v in fields(file)]
                package = dict(parts)[2].decode()
                for number, value in parts:
                    if number == 4:
                        self._message(package, value)
                    elif number == 5:
                        self._enum(package, value)

    def _message(self, scope, octets):
        parts = [(n, v) for n, _, v in fields(octets)]
        name = scope + "." + dict(parts)[1].decode()
        self.messages[name] = [Field(v) for n, v in parts if n == 2]
        for number, value in parts:
            if number == 3:
                self._message(name, value)
            elif number == 4:
                self._enum(name, value)

    def _enum(self, scope, octets):
        parts = [(n, v) for n, _, v in fields(octets)]
        name = scope + "." + dict(parts)[1].decode()
        values = [{n: v for n, _, v in fields(v)} for n, v in parts if n == 2]
        self.enums[name] = {v[1].decode(): v.get(2, 0) for v in values}

    def encode(self, name, message):
        known = {f.name: f for f in self.messages[name]}
        out = bytearray()
        for f in sorted((known[k] for k in message), key=lambda f: f.number):
            values = message[f.name] if f.repeated else [message[f.name]]
            for value in values:
                out += self._encode_one(f, value)
        return bytes(out)

    def _encode_one(self, f, value):
        if f.type == MESSAGE:
            return field(f.number, self.encode(f.type_name, value))
        if f.type == ENUM:
            return field(f.number, self.enums[f.type_name][value])
        return field(f.number, int(value) if f.type in VARINTS else value)

    def decode(self, name, octets):
        known = {f.number: f for f in self.messages[name]}
        message = {f.name: [] for f in known.values() if f.repeated}
        for number, kind, value in fields(octets):
            f = known[number]
            for one in self._unpack(f, kind, value):
                if f.repeated:
                    message[f.name].append(one)
                else:
                    message[f.name] = one
        return message

    def _unpack(self, f, kind, value):
        if f.type in VARINTS and kind == 2:  # packed
            packed = b"".join(varint(1 << 3) + value[i:j] for i, j in _varint_spans(value))
            return [self._value(f, v) for _, _, v in fields(packed)]
        return [self._value(f, value)]

    def _value(self, f, value):
        if f.type == MESSAGE:
            return self.decode(f.type_name, value)
        if f.type == ENUM:
            names = {number: name for name, number in self.enums[f.type_name].items()}
            return names.get(value, value)
        if f.type == STRING:
            return value.decode()
        if f.type == BOOL:
            return bool(value)
        if f.type in (INT64, INT32):
            return struct.unpack("<q", struct.pack("<Q", value))[0]
        return value


def _varint_spans(octets):
    start = 0
    for at, octet in enumerate(octets):
        if octet < 0x80:
            yield start, at + 1
            start = at + 1


@functools.cache
def schema():
    return Schema()


def encode(name, message):
    return schema().encode("sluss.v1." + name, message)


def decode(name, octets):
    return schema().decode("sluss.v1." + name, octets)
