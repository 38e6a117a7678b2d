"""Rpcs over HTTP/1.1: Connect as JSON and as protobuf, gRPC-Web, commands that may be recorded, streams, leaving."""

import base64
import gzip
import json
import re
import socket
import struct
import time
import urllib.parse

from .client import SERVICE
from .http1 import written
from .messages import framed

NOT_SAID_AGAIN = ("revision", "position", "recordedAt", "recordedBy", "disputes", "retraction", "asOf")
WRITERS = ["Append", "Append", "GetState", "ListConflicts", "GetTimeline", "StageCommands", "OpenStage", "CommitStage"]
WEB_TYPES = ["application/grpc-web+proto", "application/grpc-web", "application/grpc-web-text"]
WEB_TYPES += ["application/grpc-web+json", "application/grpc"]
PROTO_TYPES = ["application/proto", "application/connect+proto", "application/protobuf", "application/x-protobuf"]
STREAM_TYPES = ["application/connect+json", "application/connect+proto"] * 4 + ["application/json", "application/grpc-web+json"]
COMPRESSIONS = ["gzip", "gzip", "identity", "br", "zstd"]
FAULTY_CODES = re.compile(rb'"code":"(internal|unknown|data_loss)"')
# The server reads heads of some 400 KiB; addresses of 64 KiB.
QUERY_MOST = 60_000
STREAM_REQUEST = {
    "type": "object",
    "properties": {
        "afterPosition": {"type": "string", "pattern": "-?[0-9]+"},
        "filter": {"$ref": "#/components/schemas/Filter"},
        "cursorId": {"type": "string"},
        "fromHead": {"type": "object"},
        "limit": {"type": "string", "pattern": "-?[0-9]+"},
        "heartbeat": {"type": "string", "format": "duration"},
        "after": {"type": "string"},
        "from": {"type": "string", "format": "date-time"},
        "recordedFrom": {"type": "string", "format": "date-time"},
        "transitions": {"type": "array", "items": {"type": "string"}},
    },
}


def with_body(headers, kind, body):
    return [*headers, ("Content-Type", kind), ("Content-Length", len(body))]


def json_body(client, path):
    """A request of the rpc as JSON, seldom broken text or nesting without end."""
    random = client.random
    content = client.api["paths"][path]["post"]["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    value = client.values.value(schema) if random.random() < 0.97 else client.values.wrong()
    body = json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    pick = random.random()
    if pick < 0.05:
        return client.values.mutated_bytes(body, 4)
    if pick < 0.06:
        return b"[" * random.choice([100, 10_000, 200_000])
    if pick < 0.07:
        return b'{"filter":' * 50_000
    return body


def connect_json(client):
    random, path, headers = client.random, client.random.choice(client.rpcs), client.headers()
    body = json_body(client, path)
    limit = client.timeout(headers)
    if random.random() < 0.05:
        body = gzip.compress(body)
        headers.append(("Content-Encoding", "gzip"))
    if random.random() < 0.5:
        headers.append(("Connect-Protocol-Version", "1"))
    if random.random() < 0.1:
        accepted = ["gzip", "br", "zstd", "identity;q=0", "*;q=0", "gzip, gzip"]
        headers.append(("Accept-Encoding", random.choice(accepted)))
    headers = with_body(headers, "application/json", body)
    client.ask("connect", written("POST", path, headers, body), limit)


def commands(client):
    """Claims of the ledger said again with something changed, and other commands."""
    random, values, made = client.random, client.values, []
    fields = client.api["components"]["schemas"]["Claim"]["properties"]
    for _ in range(random.choice([1, 1, 2, 5, 40])):
        known = random.choice(client.pool["claims"])
        claim = {name: value for name, value in known.items() if name not in NOT_SAID_AGAIN}
        if random.random() < 0.5:
            name = random.choice(sorted(fields))
            claim[name] = values.value(fields[name], name, 1)
        if random.random() < 0.7:
            claim.pop("claimId", None)
        pick = random.random()
        if pick < 0.5:
            made.append({"assertClaim": {"claim": claim}})
        elif pick < 0.51:
            merged, surviving = random.choice(client.pool["party"]), random.choice(client.pool["party"])
            made.append({"mergeParties": {"mergedPartyId": merged, "survivingPartyId": surviving}})
        elif pick < 0.6:
            made.append({"confirmClaim": {"claimId": known["claimId"]}})
        else:
            made.append(values.value({"$ref": "#/components/schemas/Command"}, "", 1))
    return made


def append(client):
    """Appends, stages, and what-if questions of commands."""
    random, stage = client.random, client.random.choice(client.pool["stageid"])
    method, made = random.choice(WRITERS), commands(client)
    body = {"recordedBy": "fuzz", "commands": made}
    if method in ("GetState", "ListConflicts", "GetTimeline"):
        body = {"whatIf": made}
    elif method == "OpenStage":
        body = {"requestId": stage, "recordedBy": "fuzz"}
    elif method == "StageCommands":
        body = {"stageId": stage, "commands": made, "firstCommand": str(random.choice([0, 0, 1, 5]))}
    elif method == "CommitStage":
        body = {"stageId": stage, "validateOnly": random.random() < 0.5}
    elif random.random() < 0.3:
        body["preconditions"] = [client.values.value({"$ref": "#/components/schemas/Precondition"})]
    raw, headers = json.dumps(body).encode(), client.headers()
    limit = client.timeout(headers)
    headers = with_body(headers, "application/json", raw)
    client.ask("append " + method, written("POST", SERVICE + method, headers, raw), limit)


def grpc_web(client):
    random, headers = client.random, client.headers()
    streaming = random.random() < 0.15
    path = random.choice(client.streams if streaming else client.rpcs)
    limit = client.timeout(headers, "grpc-timeout")
    body, encoding = client.messages.body(path.removeprefix(SERVICE))
    kind = random.choice(WEB_TYPES)
    if "text" in kind and random.random() < 0.9:
        body = base64.b64encode(body)
    headers = with_body([*headers, ("X-Grpc-Web", "1")], kind, body)
    if encoding:
        headers.append(("grpc-encoding", encoding))
    if random.random() < 0.1:
        headers.append(("grpc-accept-encoding", random.choice(["gzip", "zstd,gzip", "x", "identity"])))
    client.ask("grpc-web", written("POST", path, headers, body), limit, streaming=streaming)


def connect_proto(client):
    headers, path = client.headers(), client.random.choice(client.rpcs)
    body = client.messages.any(path.removeprefix(SERVICE))
    limit = client.timeout(headers)
    headers = with_body(headers, client.random.choice(PROTO_TYPES), body)
    client.ask("connect-proto", written("POST", path, headers, body), limit, excused=(501,))


def connect_query(client):
    """Questions by GET, with all that a query can have, and something wrong at times."""
    random, path, headers = client.random, client.random.choice(client.rpcs), client.headers()
    limit = client.timeout(headers)
    is_json = random.random() < 0.7
    message = json_body(client, path) if is_json else client.messages.any(path.removeprefix(SERVICE))
    query = [("encoding", random.choice(["json" if is_json else "proto"] * 9 + ["xml"]))]
    if random.random() < 0.2:
        query.append(("compression", random.choice(COMPRESSIONS)))
        message = gzip.compress(message)
    if not is_json or random.random() < 0.5:
        query.append(("base64", "1"))
        message = base64.urlsafe_b64encode(message).rstrip(b"=" * random.randrange(2))
    query += [("message", message), ("connect", random.choice(["v1", "v1", "v1", "v2", ""]))]
    random.shuffle(query)
    target = f"{path}?{urllib.parse.urlencode(query)}"
    if len(target) > QUERY_MOST:
        return
    method = random.choice(["GET"] * 9 + ["HEAD"])
    raw = written(method, target, headers, b"")
    judge(client, client.ask("connect-query", raw, limit, excused=(501,), head_only=method == "HEAD"), raw)


def connect_stream(client):
    """Streams in envelopes, mostly with an end in sight; and in media types that carry none."""
    random, headers, path = client.random, client.headers(), client.random.choice(client.streams)
    kind = random.choice(STREAM_TYPES)
    if kind.endswith("proto"):
        message = client.messages.any(path.removeprefix(SERVICE))
    else:
        message = json.dumps(client.values.value(STREAM_REQUEST)).encode("utf-8", "surrogatepass")
    flag = 0
    if random.random() < 0.3:
        headers.append(("Connect-Content-Encoding", random.choice(COMPRESSIONS)))
        flag, message = random.choice([(0, message), (1, gzip.compress(message)), (random.randrange(256), message)])
    if random.random() < 0.3:
        headers.append(("Connect-Accept-Encoding", random.choice(COMPRESSIONS)))
    if random.random() < 0.8:
        headers.append(("Connect-Timeout-Ms", random.choice([0, 1, 50, 300, "x", "9" * 10, "9" * 11])))
    body = framed(flag, message)
    pick = random.random()
    if pick < 0.1:
        body = random.choice([message, body + body, body[: random.randrange(len(body))], b""])
    raw = written("POST", path, with_body(headers, kind, body), body)
    judge(client, client.ask("connect-stream", raw, excused=(501,), streaming=True), raw)


def judge(client, reply, raw):
    """An error of Connect that says that the server is at fault."""
    found = FAULTY_CODES.search(reply.body)
    if found:
        client.faults.add(f"code {found[1].decode()}", f"{raw[:900]!r} -> {reply.body[-600:]!r}")


def leave(client):
    """Asks, and goes at once or in the middle of the request, with or without a reset."""
    random, path = client.random, client.random.choice(client.rpcs + client.streams)
    body = json_body(client, path) if path in client.rpcs else framed(0, b"{}")
    raw = written("POST", path, with_body(client.headers(), "application/json", body), body)
    if random.random() < 0.4:
        raw = raw[: random.randrange(len(raw))]
    try:
        with socket.create_connection(("127.0.0.1", client.port), timeout=5) as there:
            reset = struct.pack("ii", int(random.random() < 0.5), 0)
            there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            there.sendall(raw)
            time.sleep(random.choice([0, 0, 0.001, 0.01]))
        client.faults.count("leave", "left")
    except OSError as error:
        client.faults.count("leave", type(error).__name__)


KINDS = {connect_json: 8, append: 3, grpc_web: 4, connect_proto: 2, connect_query: 2, connect_stream: 2, leave: 1}
