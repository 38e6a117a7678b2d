"""Protobuf messages at random: valid ones by the proto files, ones that resemble ours, and broken ones."""

import glob
import gzip
import os
import re
import struct

from .values import INTEGERS

PROTO = os.path.join(os.path.dirname(__file__), "../../../proto/detente/v1/*.proto")
MESSAGE = re.compile(r"^message (\w+) \{(?:\}|(.*?)^\})", re.S | re.M)
ENUM = re.compile(r"^enum (\w+) \{(.*?)^\}", re.S | re.M)
FIELD = re.compile(r"(repeated |optional )?([\w.]+) (\w+) = (\d+)")
RPC = re.compile(r"rpc (\w+)\((\w+)\) returns \((stream )?\w+\)")
VARINTS = {"bool", "int32", "int64", "uint32", "uint64"}
KNOWN = {
    "google.protobuf.Timestamp": [("", "int64", "seconds", 1), ("", "int32", "nanos", 2)],
    "google.protobuf.Duration": [("", "int64", "seconds", 1), ("", "int32", "nanos", 2)],
    "google.protobuf.FieldMask": [("repeated ", "string", "paths", 1)],
}
DEEPEST = 8
LARGEST = 200_000


class Contract:
    """The content of the proto files: fields of messages, numbers of enums, and the message that each rpc takes."""

    def __init__(self):
        self.messages, self.enums, self.rpcs, self.streams = dict(KNOWN), {}, {}, []
        for path in sorted(glob.glob(PROTO)):
            with open(path, encoding="utf-8") as file:
                text = re.sub(r"//[^\n]*|\[[^\]\n]*\]", "", file.read())
            for name, body in MESSAGE.findall(text):
                self.messages[name] = [(label, kind, field, int(nr)) for label, kind, field, nr in FIELD.findall(body)]
            for name, body in ENUM.findall(text):
                self.enums[name] = [int(number) for number in re.findall(r"= (\d+)", body)]
            for name, message, stream in RPC.findall(text):
                self.rpcs[name] = message
                self.streams += [name] if stream else []


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def key(number, wire):
    return varint(number << 3 | wire)


def delimited(number, content):
    return key(number, 2) + varint(len(content)) + content


def framed(flag, message):
    """A message with the five bytes that gRPC puts before it."""
    return bytes([flag]) + struct.pack(">I", len(message)) + message


class Messages:
    """Makes protobuf messages out of a contract and the values that texts are drawn from."""

    def __init__(self, random, contract, values):
        self.random, self.contract, self.values = random, contract, values

    def valid(self, message, depth=0):
        """A message that decodes; what it says may still be refused."""
        random, fields = self.random, self.contract.messages.get(message, [])
        if not fields or depth > DEEPEST:
            return b""
        most = min(len(fields), 4 if depth else 3)
        out = b""
        for label, kind, name, number in random.sample(fields, random.randint(0 if depth == 0 else 1, most)):
            for _ in range(random.choice([1, 1, 1, 2, 5]) if label == "repeated " else 1):
                out += self.field(kind, name, number, depth)
        return out

    def field(self, kind, name, number, depth):
        random = self.random
        if kind in self.contract.enums:
            return key(number, 0) + varint(random.choice(self.contract.enums[kind]))
        if kind in VARINTS:
            value = random.choice(INTEGERS) % 2**64 if random.random() < 0.2 else random.randrange(140)
            return key(number, 0) + varint(value & 1 if kind == "bool" else value)
        if kind == "double":
            return key(number, 1) + struct.pack("<d", random.random())
        if kind == "string":
            return delimited(number, self.values.text(name).encode("utf-8", "replace"))
        if kind == "bytes":
            return delimited(number, random.randbytes(random.randrange(20)))
        return delimited(number, self.valid(kind, depth + 1))

    def resembling(self, depth=0):
        """A message that may be one of ours: small field numbers, known texts, nesting, now and then a wrong length."""
        random, out = self.random, b""
        for _ in range(random.choice([0, 1, 1, 2, 3, 5])):
            number = random.randrange(1, 25) if random.random() < 0.97 else random.choice([0, 1000, 2**29 - 1])
            wire = random.choice([0, 2, 2, 2, 2, 1, 5, 3, 4, 6, 7] if random.random() < 0.3 else [0, 2, 2, 2])
            out += key(number, wire) + self.content(wire, depth)
            if random.random() < 0.02:
                out *= random.choice([4, 201])
            if len(out) > LARGEST:
                break
        return out

    def content(self, wire, depth):
        random = self.random
        if wire == 0:
            return varint(random.choice(INTEGERS) % 2**64 if random.random() < 0.3 else random.randrange(20))
        if wire in (1, 5):
            return random.randbytes(8 if wire == 1 else 4)
        if wire != 2:
            return b""
        if depth < DEEPEST and random.random() < 0.6:
            inner = self.resembling(depth + 1)
        elif random.random() < 0.9:
            inner = self.values.text().encode("utf-8", "replace")
        else:
            inner = random.randbytes(random.randrange(40))
        length = len(inner)
        if random.random() < 0.03:
            length = random.choice([0, length + 1, 2**31, 2**63, 2**64 - 1])
        return varint(length) + inner

    def any(self, rpc):
        """A message for the rpc: valid, mutated, resembling, random, or of very many small elements."""
        random, pick = self.random, self.random.random()
        if pick < 0.03:
            return bytes([random.choice([0x0A, 0x12, 0x1A, 0x22]), 0]) * random.choice([100, 20_000, 1 << 20])
        if pick < 0.15:
            return random.randbytes(random.choice([0, 1, 10, 100, 5000]))
        message = self.valid(self.contract.rpcs[rpc]) if pick < 0.6 else self.resembling()
        return self.values.mutated_bytes(message, 3) if random.random() < 0.3 else message

    def body(self, rpc):
        """A body of gRPC for the rpc, and the encoding that it claims."""
        return self.in_frame(self.any(rpc))

    def in_frame(self, message):
        """The message in its frame most times, or a frame that is broken; and the encoding that it claims."""
        random = self.random
        flag, encoding = (0, None) if random.random() < 0.9 else (random.choice([1, 2, 0x80, 0xFF]), None)
        if random.random() < 0.1:
            message, flag, encoding = gzip.compress(message), 1, "gzip"
        body, pick = framed(flag, message), random.random()
        if flag & 1 and random.random() < 0.3:
            encoding = random.choice(["zstd", "deflate", "x", "identity", None])
        if pick < 0.03:
            body = body[: random.randrange(len(body))]
        elif pick < 0.06:
            body += body
        elif pick < 0.09:
            body = random.randbytes(random.randrange(40))
        elif pick < 0.11:
            body = b"\0" + struct.pack(">I", random.choice([2**32 - 1, 2**31, 17 << 20])) + message[:50]
        return body, encoding
