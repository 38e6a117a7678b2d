"""grpcurl: everything through server reflection, requests and replies in JSON."""

import json
import subprocess
import sys

from story import STORY, documents, refused, tell

CODES = {3: "INVALID_ARGUMENT", 6: "ALREADY_EXISTS"}


class Grpcurl:
    def __init__(self, program, address):
        self.program, self.address = program, address

    def run(self, *arguments, flags=(), data=None):
        command = [self.program, "-plaintext", "-max-time", "30", *flags]
        if data is not None:
            command += ["-d", "@"]
        text = None if data is None else json.dumps(data, ensure_ascii=False)
        done = subprocess.run(
            [*command, self.address, *arguments], input=text, capture_output=True, encoding="utf-8", timeout=60, check=False
        )
        if done.returncode == 0:
            return done.stdout
        try:
            status = json.loads(done.stderr)
        except ValueError:
            raise SystemExit(f"  FAILED grpcurl {' '.join(arguments)}: {done.stderr}") from None
        raise refused(CODES.get(status["code"], status["code"]), status["message"], status.get("details", []))

    def services(self):
        return self.run("list").split()

    def methods(self):
        return [name.rpartition(".")[2] for name in self.run("list", STORY["service"]).split()]

    def describe(self):
        method = self.run("describe", f"{STORY['service']}.GetState")
        return method + self.run("describe", "detente.v1.GetStateRequest")

    def health(self):
        data = {"service": STORY["service"]}
        return json.loads(self.run("grpc.health.v1.Health/Check", data=data))["status"]

    def stream(self, method, request):
        return documents(self.run(f"{STORY['service']}/{method}", flags=["-format-error"], data=request))

    def call(self, method, request):
        (reply,) = self.stream(method, request)
        return reply


tell("GRPCURL", Grpcurl(sys.argv[2], sys.argv[1]))
