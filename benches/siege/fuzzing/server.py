"""The server that is asked: started on a directory of its own, watched, stopped, and its record verified."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import time
import urllib.request

from .client import SERVICE
from .messages import Contract
from .values import DATES

ADDRESS_SPACE = 8_000_000_000
STOP_SECONDS = 15
IDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(8)]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A server with the founding dossier. `pool` has, by the name of a field, values that it knows."""

    def __init__(self, binary, folder):
        self.binary, self.port, self.contract = binary, free_port(), Contract()
        self.data, self.log = os.path.join(folder, "data"), os.path.join(folder, "log")
        serving = [binary, "serve", "--demo", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"]
        limit = (ADDRESS_SPACE, ADDRESS_SPACE)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
                serving, stdout=log, stderr=log, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit)
            )
        self.api, self.pool = {}, {}

    def wait_until_ready(self, seconds=30):
        until = time.monotonic() + seconds
        while True:
            try:
                self.get("/readyz")
                return
            except OSError as error:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError(f"the server does not start: {self.log_text()[-500:]}") from error
                time.sleep(0.05)

    def learn(self):
        """Asks for the schemas, and for what the ledger has."""
        self.api = json.loads(self.get("/api/v1/openapi.json"))
        claims = [found.get("claim", found) for found in self.ask("ListClaims", {"pageSize": 60})["claims"]]
        parties = [party["partyId"] for party in self.ask("ListParties", {})["parties"]]
        tokens = []
        self.pool = {
            "claimid": [claim["claimId"] for claim in claims],
            "relationship": sorted({name for claim in claims for name in claim.get("relationships", [])}),
            "party": parties,
            "assertedby": parties,
            "claims": claims,
            "kind": sorted({claim["kind"] for claim in claims}),
            "token": tokens,
            "pagetoken": tokens,
            "basis": tokens,
            "requestid": IDS,
            "stageid": IDS,
            "cursorid": ["a", "b", "c"],
            "valid": DATES[:6],
            "recordedby": ["fuzz"],
            "source": [source["sourceId"] for source in self.ask("ListSources", {})["sources"]],
        }
        known = (self.pool["claimid"][:10], self.pool["relationship"], parties, self.pool["kind"])
        self.pool["any"] = [text for texts in known for text in texts]

    def get(self, path, timeout=5):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as reply:
            return reply.read()

    def ask(self, method, body, timeout=10):
        url, kind = f"http://127.0.0.1:{self.port}{SERVICE}{method}", {"Content-Type": "application/json"}
        request = urllib.request.Request(url, json.dumps(body).encode(), kind)
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return json.load(reply)

    def standing(self):
        """The memory and descriptors of the process, in words."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            values = dict(line.split(":", 1) for line in file if ":" in line)
        rss, peak = (int(values[name].split()[0]) >> 10 for name in ("VmRSS", "VmHWM"))
        files = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return f"{rss} MiB, peak {peak} MiB, {values['Threads'].strip()} threads, {files} files"

    def log_text(self):
        with open(self.log, errors="replace", encoding="utf-8") as file:
            return file.read()

    def still_serves(self, faults):
        """True if a read and an append are answered as ever."""
        party = {"partyId": "FUZZED", "type": "PARTY_TYPE_STATE", "names": [{"lang": "en", "name": "x"}]}
        append = {"recordedBy": "fuzz", "commands": [{"registerParty": {"party": party}}]}
        for method, body in (("GetState", {"pageSize": 5}), ("Append", append)):
            try:
                self.ask(method, body)
            except OSError as error:
                faults.add("valid request at the end", f"{method}: {error!r}")

    def stop(self, faults):
        """Stops the server in good order, and says how long it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            faults.add("stop", f"still running {STOP_SECONDS} s after SIGTERM")
            return
        if self.process.returncode:
            faults.add("stop", f"exit {self.process.returncode}")
        print(f"stopped within {time.monotonic() - begun:.1f} s")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def verify(self, faults):
        """Damage of the record, and panics and defects in the log."""
        verify = [self.binary, "verify", "--data", self.data]
        found = subprocess.run(verify, capture_output=True, text=True, timeout=300, check=False)
        print(found.stdout.strip())
        if found.returncode:
            faults.add("verify", found.stdout + found.stderr)
        for line in self.log_text().splitlines():
            if re.search(r"panic|defect", line, re.I):
                faults.add("log", line.strip())
