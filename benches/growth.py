#!/usr/bin/env python3
"""Ledgers of several sizes, by two binaries in turn: how the time, the memory and the disk of everything grow with the log.

    benches/growth.py BASE NEW [--sizes 10000,1000000,10000000] [--load FILE] [--base-load FILE] [--dir DIR] [--results FILE]

BASE and NEW are binaries of the program. A ledger is filled with claims in batches of 1,000, a hundred for each relationship,
and keeps the default settings. Then: memory, disk, stop and start, states over all relationships at 8 and 64 clients, one
question of each kind at a time (the median of those that were asked within two seconds), `verify` and `rebuild`. A size of ten
million takes 15 GB of disk for older binaries, and an hour for both.

BASE_COMMIT and BENCH_COMMIT say what BASE and NEW were built of; without the latter NEW is of this checkout.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import time
import urllib.parse

from lines import Results
from whole import Server

QUESTIONS = {
    "GetState": "/api/v1/state?relationship={}&valid_at=2025-07",
    "text search in one relationship": "/api/v1/claims?relationship={}&text=claim",
    "Diff since 2020 in one relationship": "/api/v1/diff?relationship={}&from_known_at=2020-01-01",
    "timeline": "/api/v1/timeline?relationship={}",
    "series by month": "/api/v1/series?relationship={}&from=2024-01&until=2025-01&bucket=month&group_by=kind",
    "conflicts": "/api/v1/conflicts?relationship={}",
}


def fill(load, port, claims):
    """Fills a ledger; claims a second."""
    command = [load, "fill", "--json", "--server", f"http://127.0.0.1:{port}", "--claims", str(claims)]
    command += ["--relationships", str(max(claims // 100, 1))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["rate"]


def states(load, port, claims, clients):
    """States over all relationships; answers a second."""
    command = [load, "state", "--json", "--server", f"http://127.0.0.1:{port}", "--clients", str(clients)]
    command += ["--seconds", "5", "--relationships", str(max(claims // 100, 1)), "--any-size"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["rate"]


def memory_of(server):
    """The memory that a server holds, in MiB."""
    with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmRSS:"))) / 1024


def bytes_of(folder):
    """The disk that a directory takes, in bytes."""
    return int(subprocess.run(["du", "-s", "--block-size=1", folder], check=True, capture_output=True, text=True).stdout.split()[0])


def get(server, path):
    server.connection.request("GET", path)
    reply = server.connection.getresponse()
    return reply.status, reply.read()


def relationships_of(server):
    """Some relationships of the ledger."""
    status, body = get(server, "/api/v1/relationships?page_size=200")
    if status != 200:
        raise SystemExit(body.decode())
    rows = json.loads(body)
    rows = rows if isinstance(rows, list) else next(value for value in rows.values() if isinstance(value, list))
    return [row.get("relationshipId") or row.get("relationship_id") or row["relationship"] for row in rows]


def ask(server, path, names):
    """The milliseconds of a question, the median over relationships; none where the binary has no such question."""
    took, until = [], time.monotonic() + 2
    for name in names:
        began = time.monotonic()
        status, body = get(server, path.format(urllib.parse.quote(name)))
        if status != 200:
            print(f"   {path}: {body[:200]!r}", flush=True)
            return None
        took.append(1000 * (time.monotonic() - began))
        if time.monotonic() > until:
            break
    return statistics.median(took)


def seconds_of(program, folder, *command):
    """The seconds that a command over a ledger takes."""
    began = time.monotonic()
    subprocess.run([program, *command], cwd=folder, check=True, capture_output=True)
    return time.monotonic() - began


def measure(program, load, folder, claims, keep):
    ledger = os.path.join(folder, "ledger")
    shutil.rmtree(ledger, ignore_errors=True)
    server = Server(program, folder, ledger)
    keep("fill", fill(load, server.port, claims), "claims/s")
    time.sleep(3)
    keep("memory after the fill", memory_of(server), "MiB")
    began = time.monotonic()
    server.stop()
    keep("stop", time.monotonic() - began, "s")
    keep("disk", bytes_of(ledger) / claims, "bytes a claim")
    began = time.monotonic()
    server = Server(program, folder, ledger)
    keep("start until it answers", time.monotonic() - began, "s")
    names = relationships_of(server)
    for question, path in QUESTIONS.items():
        took = ask(server, path, names)
        if took is not None:
            keep(question, took, "ms")
    for clients in 8, 64:
        keep(f"states of all relationships, {clients} clients", states(load, server.port, claims, clients), "queries/s")
    keep("memory after the questions", memory_of(server), "MiB")
    server.stop()
    keep("verify", seconds_of(program, folder, "verify", "--data", ledger), "s")
    keep("rebuild", seconds_of(program, folder, "rebuild", "--data", ledger), "s")
    shutil.rmtree(ledger, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--sizes", default="10000,1000000,10000000")
    parser.add_argument("--load", default="benches/load/target/release/load", help="the generator")
    parser.add_argument("--base-load", help="that for BASE, where the contract differs")
    parser.add_argument("--dir", default="target/bench", help="on a real disk, not tmpfs")
    parser.add_argument("--results", help="the raw results, one JSON object a line, are appended to it")
    args = parser.parse_args()
    folder = os.path.join(os.path.abspath(args.dir), "growth")
    os.makedirs(folder, exist_ok=True)
    programs = {
        "base": (os.path.abspath(args.base), os.path.abspath(args.base_load or args.load)),
        "new": (os.path.abspath(args.new), os.path.abspath(args.load)),
    }
    base = os.environ.get("BASE_COMMIT", os.path.basename(args.base))
    results = Results("benches/growth.py", args.dir, passes=1, sizes=args.sizes, note=f"base {base}")
    for claims in map(int, args.sizes.split(",")):
        found = {}
        for who, (program, load) in programs.items():

            def keep(row, value, unit, who=who):
                found.setdefault(row, {})[who] = value
                results.figure(who, f"A ledger of {claims:,} claims", row, value, unit)
                print(f"   {claims:,} {who} {row}: {value:.2f} {unit}", flush=True)

            measure(program, load, folder, claims, keep)
        for row, values in found.items():
            if len(values) == 2 and values["base"] > 0:
                ratio = values["new"] / values["base"]
                results.figure("new : base", f"A ledger of {claims:,} claims", row, ratio, "ratio")
                print(f"   {claims:,} {row}: {ratio:.2f} of the base", flush=True)
    results.append(args.results)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
