#!/usr/bin/env python3
"""A server under siege: what honest clients notice of others who ask too much.

Imports a made-up ledger, starts the server, and measures a narrow GetState, an append and /healthz twice: in peace, and
while four clients loop the widest legal questions, thirty ask and leave, and one sends the largest legal and illegal
requests. Fails when the siege is noticed more than it may be (see LIMITS), when the process ends or grows beyond its
memory budget, or when threads do not come back.

    benches/siege/siege.py [--claims N] [--seconds S] [--memory MIB] [--binary target/release/detente] [--results FILE]

With the memory it has by default the widest questions are refused early; with 4096 MiB they are worked on to the end.

The bounds are those of a release build of two processors; a debug build is only checked for surviving (--survive).
"""

import argparse
import datetime
import gzip
import http.client
import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lines import Results

SERVICE = "/detente.v1.LedgerService/"
LIMITS = {"narrow": 50.0, "append": 50.0}  # how much later p99 may be than in peace, in milliseconds
HEALTH_LIMIT = 100.0
SLACK_MIB = 64
NARROW = json.dumps({"filter": {"items": [{"relationships": ["P003-P004"]}]}})
WIDE = [
    ("GetTimeline", "{}"),
    ("ListConflicts", "{}"),
    ("ListConflicts", '{"filter":{"items":[{"relationships":["AZE-RUS"]}]}}'),
    ("ListGaps", "{}"),
    ("GetSeries", '{"from":"1970","until":"2020","bucket":"BUCKET_MONTH"}'),
    ("Diff", '{"from":{"cut":{"position":"0"}}}'),
    ("GetState", '{"validAt":"1990"}'),
    ("ListUpcoming", '{"from":"1970","until":"2030"}'),
    ("ListCorroboration", '{"filter":{"items":[{"relationships":["ARM-TUR"]}]}}'),
]
MAPPING = """
[dataset]
name = "siege"
key = ["{id}"]
[tables.p]
file = "parties.csv"
key = "id"
[parties.state]
table = "p"
id = "{id}"
type = "state"
names = { en = "Party {id}" }
[[derive]]
column = "valid"
from = "{from}/{to}"
[[claim]]
kind = "{kind}"
type = "state"
at = "{valid}"
status = "{status}"
texts = { en = "{text}" }
parties = [ { role = "side_a", party = "state", key = "{a}" }, { role = "side_b", party = "state", key = "{b}" } ]
relationships = [{ between = ["side_a", "side_b"] }]
attribution = [{ role = "speaker", party = "state", key = "{a}" }]
"""


def generate(folder, claims):
    """Writes a data set: a fifth is one open-ended matter of one relationship, the rest is spread."""
    rng = random.Random(7)
    words = ["".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 9))) for _ in range(5000)]
    parties = [f"P{n:03d}" for n in range(200)] + ["ARM", "AZE", "RUS", "TUR"]
    first = datetime.date(1970, 1, 1)

    def day(number):
        return (first + datetime.timedelta(days=number)).isoformat()

    with open(os.path.join(folder, "claims.csv"), "w", encoding="utf-8") as out:
        out.write("id,a,b,kind,from,to,status,text\n")
        for n in range(claims):
            status = ("in_force", "terminated", "signed")[n % 3]
            if n % 5 == 0:
                row = (n, "AZE", "RUS", "stance", day(n % 20000), "..", status, f"stance {words[n % 5000]}")
            else:
                a, b = rng.sample(parties[:200], 2)
                start = rng.randrange(20000)
                text = " ".join(rng.choice(words) for _ in range(8)) + " common"
                row = (n, a, b, f"kind{rng.randrange(20)}", day(start), day(start + rng.randrange(2000)), status, text)
            out.write(",".join(map(str, row)) + "\n")
    with open(os.path.join(folder, "parties.csv"), "w", encoding="utf-8") as out:
        out.write("id\n" + "\n".join(parties) + "\n")
    with open(os.path.join(folder, "siege.toml"), "w", encoding="utf-8") as out:
        out.write(MAPPING)


def call(port, method, path, body=None, headers=None, timeout=40):
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        kind = {"content-type": "application/json"} if body is not None else {}
        connection.request(method, path, body, {**kind, **(headers or {})})
        reply = connection.getresponse()
        text = reply.read()
        return reply.status, text, time.monotonic() - begun
    finally:
        connection.close()


def append_body():
    claim = {
        "kind": "note",
        "temporalType": "TEMPORAL_TYPE_STATE",
        "valid": "2025-07/..",
        "texts": [{"lang": "en", "text": "Recorded under siege."}],
        "relationships": ["P001-P002"],
        "modality": "MODALITY_ASSERTED",
    }
    commands = [{"assertClaim": {"claim": claim}}]
    return json.dumps({"requestId": str(uuid.uuid4()), "recordedBy": "siege", "commands": commands})


def probe(port, seconds, results):
    """Honest clients, one request after the other of each sort; puts the latencies in milliseconds."""
    found = {"narrow": [], "append": [], "healthz": []}
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            for name, method, path, body in (
                ("narrow", "POST", SERVICE + "GetState", NARROW),
                ("append", "POST", SERVICE + "Append", append_body()),
                ("healthz", "GET", "/healthz", None),
            ):
                status, text, took = call(port, method, path, body)
                if status != 200:
                    raise RuntimeError(f"{name}: {status} {text[:200]!r}")
                found[name].append(took * 1000)
            time.sleep(0.01)
        results.put(found)
    except Exception as error:  # pylint: disable=broad-except
        results.put({"error": repr(error)})


def ask_wide(port, seconds, nth, results):
    """One client that loops the widest questions; counts what is answered by status."""
    seen, until, at = {}, time.monotonic() + seconds, nth
    while time.monotonic() < until:
        rpc, body = WIDE[at % len(WIDE)]
        at += 1
        try:
            status, text, _ = call(port, "POST", SERVICE + rpc, body)
        except OSError as error:
            status, text = type(error).__name__, b""
        key = (rpc, status)
        seen[key] = seen.get(key, 0) + 1
        if status == 429:
            time.sleep(0.25)
        elif status not in (200, 504, 429):
            seen[("unexpected", rpc, status, text[:160].decode(errors="replace"))] = 1
    results.put(seen)


def ask_and_leave(port, seconds, count):
    """Clients that ask a wide question and go away after 30 ms."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sockets = []
        for nth in range(count):
            rpc, body = WIDE[nth % len(WIDE)]
            head = f"POST {SERVICE}{rpc} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            try:
                there = socket.create_connection(("127.0.0.1", port), timeout=5)
                there.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                sockets.append(there)
            except OSError:
                pass
        time.sleep(0.03)
        for there in sockets:
            there.close()
        time.sleep(0.1)


def send_large(port, seconds):
    """One client that sends the largest requests, legal and illegal."""
    claim = json.loads(append_body())["commands"][0]
    legal = json.dumps({"recordedBy": "siege", "validateOnly": True, "commands": [claim] * 9000})
    empty = '{"recordedBy":"x","commands":[' + ",".join(["{}"] * 5_000_000) + "]}"
    bomb = b"\x1a\x00" * ((16 << 20) // 2 - 100)
    frame = b"\x01" + len(gzip.compress(bomb, 9)).to_bytes(4, "big") + gzip.compress(bomb, 9)
    grpc_web = {"content-type": "application/grpc-web+proto", "grpc-encoding": "gzip", "x-grpc-web": "1"}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for body, headers in ((legal, None), (empty, None), (frame, grpc_web)):
            try:
                call(port, "POST", SERVICE + "Append", body, headers)
            except OSError:
                pass
            if time.monotonic() >= until:
                return


def standing(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    kib = lambda name: int(fields[name].split()[0])  # noqa: E731
    return kib("VmRSS") / 1024, kib("VmHWM") / 1024, int(fields["Threads"])


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def measure(port, seconds):
    results = multiprocessing.Queue()
    process = multiprocessing.Process(target=probe, args=(port, seconds, results))
    process.start()
    found = results.get(timeout=seconds + 120)
    process.join()
    if "error" in found:
        raise RuntimeError(found["error"])
    return found


def besiege(port, seconds):
    results = multiprocessing.Queue()
    askers = [multiprocessing.Process(target=ask_wide, args=(port, seconds, nth * 2, results)) for nth in range(4)]
    others = [
        multiprocessing.Process(target=ask_and_leave, args=(port, seconds, 30)),
        multiprocessing.Process(target=send_large, args=(port, seconds)),
    ]
    for process in askers + others:
        process.start()
    time.sleep(1)
    found = measure(port, max(1, seconds - 2))
    seen = {}
    for _ in askers:
        for key, count in results.get(timeout=120).items():
            seen[key] = seen.get(key, 0) + count
    for process in askers + others:
        process.join()
    return found, seen


def budget_mib(port):
    _, text, _ = call(port, "GET", "/metrics")
    for line in text.decode().splitlines():
        if line.startswith("detente_memory_budget_bytes "):
            return float(line.split()[1]) / (1 << 20)
    return None


def run(arguments):
    folder = tempfile.mkdtemp(prefix="siege-")
    generate(folder, arguments.claims)
    binary = os.path.abspath(arguments.binary)
    ledger = os.path.join(folder, "ledger")
    importing = [binary, "import", "claims.csv", "--mapping", "siege.toml", "--data", ledger, "--recorded-by", "siege"]
    subprocess.run(importing, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(os.path.join(folder, "detente.toml"), "w", encoding="utf-8") as file:
        file.write(f"memory_mib = {arguments.memory}\n")
    serving = [binary, "serve", "--data", ledger, "--listen", f"127.0.0.1:{port}"]
    serving += ["--config", os.path.join(folder, "detente.toml")]
    log = open(os.path.join(folder, "log"), "w", encoding="utf-8")  # pylint: disable=consider-using-with
    server = subprocess.Popen(serving, stdout=log, stderr=log)  # pylint: disable=consider-using-with
    try:
        for _ in range(600):
            try:
                call(port, "GET", "/readyz")
                break
            except OSError:
                time.sleep(0.2)
        time.sleep(min(20, 2 + arguments.claims / 100_000))
        return judge(arguments, port, server, folder)
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)
        log.close()
        subprocess.run(["rm", "-rf", folder], check=False)


def keep(arguments, folder, peace, siege, mib):
    """Adds what was measured to the file of results; `mib` is the memory before, at its peak and after."""
    note = f"{arguments.claims} claims, memory_mib {arguments.memory}"
    results = Results("benches/siege/siege.py", folder, seconds=arguments.seconds, note=note)
    section = f"Under siege, memory_mib {arguments.memory}"
    for name, shown in (("narrow", "a narrow GetState"), ("append", "an append"), ("healthz", "/healthz")):
        for who, values in (("in peace", peace[name]), ("under siege", siege[name])):
            for row, value in (("p50", percentile(values, 0.5)), ("p99", percentile(values, 0.99)), ("most", max(values))):
                results.figure(who, section, f"{shown}, {row}", value, "ms")
    for row, value in zip(("before", "peak", "after"), mib):
        results.figure("detente", f"{section}: memory", row, round(value), "MiB")
    results.append(arguments.results)


def judge(arguments, port, server, folder):
    before = standing(server.pid)
    peace = measure(port, arguments.seconds)
    siege, seen = besiege(port, arguments.seconds)
    failed = []
    if server.poll() is not None:
        return [f"the server ended with {server.returncode}"]
    _, peak, _ = standing(server.pid)
    time.sleep(3)
    after = standing(server.pid)
    print(f"{'':10} {'peace p50':>10} {'p99':>8} {'siege p50':>10} {'p99':>8} {'max':>8}   ms")
    for name, values in siege.items():
        calm, worst = peace[name], percentile(values, 0.99)
        figures = (percentile(calm, 0.5), percentile(calm, 0.99), percentile(values, 0.5), worst, max(values))
        print(f"{name:10} {figures[0]:10.1f} {figures[1]:8.1f} {figures[2]:10.1f} {figures[3]:8.1f} {figures[4]:8.1f}")
        limit = HEALTH_LIMIT if name == "healthz" else figures[1] + LIMITS[name]
        if not arguments.survive and worst > limit:
            failed.append(f"{name}: p99 is {worst:.1f} ms, expected at most {limit:.1f} ms")
    budget = budget_mib(port) or arguments.memory
    print(f"memory: {before[0]:.0f} MiB before, {peak:.0f} MiB at its peak, {after[0]:.0f} MiB after; budget {budget:.0f}")
    print(f"threads: {before[2]} before, {after[2]} after")
    keep(arguments, folder, peace, siege, (before[0], peak, after[0]))
    for key in sorted(seen, key=str):
        print(f"asked: {' '.join(map(str, key))}: {seen[key]}")
    if peak > before[0] + budget + SLACK_MIB:
        failed.append(f"memory: {peak:.0f} MiB, expected at most {before[0] + budget + SLACK_MIB:.0f}")
    failed += [f"unexpected answer: {key}" for key in seen if key[0] == "unexpected"]
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--binary", default="target/release/detente")
    parser.add_argument("--memory", type=int, default=512, help="`memory_mib` of the server")
    parser.add_argument("--survive", action="store_true", help="only that the server survives, whatever it takes")
    parser.add_argument("--results", help="a file that the raw results are appended to, one JSON object a line")
    arguments = parser.parse_args()
    failed = run(arguments)
    for line in failed:
        print(f"FAILED {line}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
