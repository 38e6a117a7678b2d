"""buf curl: over gRPC, and in the protocol that it speaks unless told otherwise, which is Connect; with either reflection protocol.
It prints error details as base64, so they are taken apart here.

with_buf.py ADDRESS BUF [grpc|connect]
"""

import base64
import json
import subprocess
import sys

from story import STORY, Refused, check, documents, tell


def parts(data):
    """The length-delimited fields of a protobuf message, as (number, bytes); error details have no others that matter here."""

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    at, found = 0, []
    while at < len(data):
        tag = varint()
        size = varint()
        if tag & 7 == 2:
            found.append((tag >> 3, data[at : at + size]))
            at += size
    return found


def refused(status):
    """Makes a Refused from what buf prints."""
    reason, domain, fields = None, None, []
    for detail in status.get("details", []):
        value = base64.b64decode(detail["value"] + "==")
        if detail["type"] == "google.rpc.ErrorInfo":
            names = dict(parts(value))
            reason, domain = names[1].decode(), names[2].decode()
        if detail["type"] == "google.rpc.BadRequest":
            fields = [dict(parts(violation))[1].decode() for _, violation in parts(value)]
    return Refused(status["code"].upper(), status["message"], reason, domain, fields)


# The options that choose each protocol. Connect is what buf speaks by default, for reflection too.
HOW = {"grpc": ["--protocol", "grpc"], "connect": []}


class Buf:
    def __init__(self, program, address, protocol):
        self.program, self.address, self.how = program, address, HOW[protocol]

    def run(self, path, *flags, data=None):
        command = [self.program, "curl", "--http2-prior-knowledge", *self.how, "--timeout", "30s", *flags]
        if data is not None:
            command += ["--data", "@-"]
        text = None if data is None else json.dumps(data, ensure_ascii=False)
        url = f"http://{self.address}{path}"
        done = subprocess.run([*command, url], input=text, capture_output=True, encoding="utf-8", timeout=60, check=False)
        if done.returncode == 0:
            return done.stdout
        try:
            raise refused(json.loads(done.stderr))
        except ValueError:
            raise SystemExit(f"  FAILED buf curl {path}: {done.stderr}") from None

    def services(self):
        """The services listed over either version of reflection, each of which also lists itself."""
        v1, v1alpha = (
            [name for name in self.run("", "--list-services", "--reflect-protocol", protocol).split() if "reflection" not in name]
            for protocol in ("grpc-v1", "grpc-v1alpha")
        )
        check("list: the same over reflection v1 and v1alpha", v1, v1alpha)
        return v1

    def methods(self):
        listed = [name.split("/") for name in self.run("", "--list-methods").split()]
        return [method for service, method in listed if service == STORY["service"]]

    def describe(self):
        return None

    def health(self):
        data = {"service": STORY["service"]}
        return json.loads(self.run("/grpc.health.v1.Health/Check", data=data))["status"]

    def stream(self, method, request):
        return documents(self.run(f"/{STORY['service']}/{method}", data=request))

    def call(self, method, request):
        (reply,) = self.stream(method, request)
        return reply


protocol = sys.argv[3] if len(sys.argv) > 3 else "grpc"
tell(f"BUF_{protocol.upper()}", Buf(sys.argv[2], sys.argv[1], protocol))
