"""gRPC over HTTP/2: right calls, broken ones, many at once, and clients that reset, withhold or leave."""

import time

from . import http2
from .client import SERVER_MAXIMUM, SERVICE, STREAM_SECONDS
from .http1 import CLOSED
from .messages import framed
from .web import FORM_TYPES, HOSTS, METHODS, ORIGINS, TARGETS, flat_target, is_endless, page_target

MEDIA_TYPES = ["application/grpc", "application/grpc+json", "application/grpc+x", "application/grpc-web+proto", ""]
MEDIA_TYPES += ["application/json", "application/proto", "text/plain", "application/grpcx", "x", *FORM_TYPES]
ENCODINGS = ["identity", "zstd", "deflate", "x", "gzip, gzip", ""]
ODD_FIELDS = [("connection", "close"), ("transfer-encoding", "chunked"), ("TE", "trailers"), ("te", "gzip"), ("", "x")]
ODD_FIELDS += [("x-a", "y" * 20_000), ("content-length", "-1"), ("content-length", "7"), ("x y", "z"), ("x", "a\nb")]
ODD_FIELDS += [(":unknown", "x"), (":status", "200"), ("cookie", "a=b"), ("grpc-timeout", "x"), ("expect", "x")]
ODD_FIELDS += [("grpc-accept-encoding", "x"), ("traceparent", "x"), ("x-request-id", "é" * 300), ("host", "x.example")]
ODD_FIELDS += [("x-bin", "!"), ("grpc-encoding", "gzip"), ("upgrade", "h2c"), ("proxy-connection", "keep-alive")]
OTHER_SERVICES = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch", SERVICE + "Nothing", "/x", "//"]
OTHER_SERVICES += ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"]
CODES = [0, 1, 2, 3, 5, 7, 8, 11, 0xFFFFFFFF]
WINDOWS = [0, 0, 1, 100, 65535]


def fields(client, path, kind="application/grpc", method="POST"):
    authority = f"127.0.0.1:{client.port}"
    made = [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority)]
    return [*made, ("content-type", kind), ("te", "trailers")] if kind is not None else made


def shown(what, answer):
    seen = {name: value for name, value in answer.headers.items() if not name.startswith("static-")}
    reply = f"{seen} {answer.body[:200]!r}, reset {answer.reset}, {answer.took:.2f}s"
    return f"{what[:900]} -> {reply}"


def judge(client, group, what, connection, stream=1, limit=None, closed_is_right=False):
    """One answer: its status, its status of gRPC, its time, and whether there was one."""
    answer = connection.answers[stream]
    status, begun = answer.status, connection.begun
    description = shown(what, answer)
    client.faults.count(group, status if answer.reset is None else f"reset-{answer.reset}")
    if status >= 500 and status != 501:
        client.judge_failure(answer, limit, description)
    if not answer.ended and not closed_is_right:
        took = time.monotonic() - begun
        client.faults.add_late("no answer", description, took, client.deadline(limit) + client.patience)
    if answer.reset == 2:
        client.faults.add("reset as INTERNAL_ERROR", description)
    if answer.ended:
        client.judge_time(group, answer.took, client.deadline(limit), description)
        if "grpc-status" in answer.headers:
            client.judge_grpc(group, int(answer.headers["grpc-status"]), limit, answer.took, description)
    client.keep_tokens(answer.body)


def judge_all(client, group, connection, calls, limit=None, may_close=False):
    """Reads the answers of the calls (what was sent, by stream) and judges each."""
    connection.expect(calls)
    connection.read_until(time.monotonic() + client.deadline(limit) + client.patience + 5)
    closed = connection.closed or connection.goaway is not None
    for stream, what in calls.items():
        judge(client, group, what, connection, stream, limit, may_close and closed)


def opened(client, **options):
    return http2.Connection(client.port, patience=client.patience + 5, **options)


def message(client, path):
    name = path.removeprefix(SERVICE)
    return client.messages.valid(client.contract.rpcs[name])


def call(client):
    """A valid message for any rpc, in frames of any size."""
    random, path = client.random, client.random.choice(client.rpcs)
    head = fields(client, path)
    limit, body = client.timeout(head, "grpc-timeout"), framed(0, message(client, path))
    piece = random.choice([http2.LARGEST_FRAME, 1000, 7]) if len(body) < 2000 else http2.LARGEST_FRAME
    with opened(client) as connection:
        connection.send(http2.headers(1, head, piece=random.choice([100, 16384])) + http2.data(1, body, piece=piece))
        judge_all(client, "grpc", connection, {1: f"{head} {body!r}"}, limit)


def call_mutated(client):
    """Messages that are mutated, cut, doubled, compressed, or compressed as something else."""
    path = client.random.choice(client.rpcs)
    head = fields(client, path)
    limit = client.timeout(head, "grpc-timeout")
    body, encoding = client.messages.body(path.removeprefix(SERVICE))
    head += [("grpc-encoding", encoding)] if encoding else []
    with opened(client) as connection:
        connection.send(http2.headers(1, head))
        send_within_window(connection, 1, body)
        judge_all(client, "grpc mutated", connection, {1: f"{head} ({len(body)} bytes) {body[:300]!r}"}, limit)


def send_within_window(connection, stream, body):
    """Sends what the window lets through at first; the rest only where the server gives room, else it is cut off."""
    first, rest = body[:65535], body[65535:]
    connection.send(http2.data(stream, first, ends=not rest))
    if rest:
        connection.expect([stream])
        connection.read_until(time.monotonic() + 0.05)
        if not connection.closed and not connection.answers[stream].ended:
            connection.send(http2.reset(stream))
            answer = connection.answers[stream]
            answer.reset, answer.ended = http2.CANCEL, True


def call_other_service(client):
    """Health and reflection, which are not of our making, with messages at random; some of them are streams."""
    path = client.random.choice(OTHER_SERVICES)
    body, encoding = client.messages.in_frame(client.messages.resembling())
    body = body[:65535]  # what the window lets through
    head = fields(client, path) + ([("grpc-encoding", encoding)] if encoding else [])
    with opened(client) as connection:
        connection.send(http2.headers(1, head) + http2.data(1, body, ends=client.random.random() < 0.9))
        listen(client, connection, f"{head} {body[:300]!r}")


def call_without_message(client):
    """Headers alone, an empty body, a body with trailers behind it, and methods and types of others."""
    random, path = client.random, client.random.choice(client.rpcs + OTHER_SERVICES)
    head, kind = fields(client, path), random.randrange(3)
    if kind == 0:
        sent = http2.headers(1, head, ends=True)
    elif kind == 1:
        sent = http2.headers(1, head) + http2.data(1, b"")
    else:
        sent = http2.headers(1, head) + http2.data(1, framed(0, b""), ends=False)
        sent += http2.headers(1, [("x-trailer", "y"), ("grpc-status", "13")], ends=True)
    with opened(client) as connection:
        connection.send(sent)
        if path.endswith("Watch"):
            listen(client, connection, path)
        else:
            judge_all(client, "grpc empty", connection, {1: f"{head} form {kind}"})


def call_oddly(client):
    """Pseudo headers that lack, are twice or out of order, other media types, hosts, origins and encodings."""
    random, path = client.random, client.random.choice(client.rpcs + client.flats + OTHER_SERVICES + TARGETS)
    head = fields(client, path, random.choice(MEDIA_TYPES), random.choice(["POST"] * 6 + METHODS))
    for _ in range(random.choice([0, 1, 1, 2])):
        pick = random.randrange(6)
        if pick == 0:
            head.pop(random.randrange(len(head)))
        elif pick == 1:
            head.insert(random.randrange(len(head)), random.choice(head))
        elif pick == 2:
            random.shuffle(head)
        elif pick == 3:
            head.append(random.choice(ODD_FIELDS))
        elif pick == 4:
            head = [(name, random.choice(HOSTS) if name == ":authority" else value) for name, value in head]
        else:
            head += [("origin", random.choice(ORIGINS)), ("content-encoding", random.choice(ENCODINGS))]
    endless = is_endless(path) or path.endswith("Watch") or path.endswith("Info")
    with opened(client) as connection:
        connection.send(http2.headers(1, head) + http2.data(1, framed(0, b"")))
        if endless:
            listen(client, connection, path)
        else:
            judge_all(client, "grpc odd", connection, {1: f"{head}"}, may_close=True)


def call_many(client):
    """Many calls on one connection at once; some are reset, none may be forgotten."""
    random, calls, sent = client.random, {}, b""
    for stream in range(1, 2 * random.choice([5, 20, 60, 100]), 2):
        path = random.choice(client.rpcs)
        body = message(client, path)[:600]
        sent += http2.headers(stream, fields(client, path)) + http2.data(stream, framed(0, body))
        if random.random() < 0.1:
            sent += http2.reset(stream, random.choice(CODES))
        else:
            calls[stream] = f"{path} {body!r}, one of many"
    with opened(client) as connection:
        connection.send(sent)
        judge_all(client, "grpc many", connection, calls)


def call_and_reset(client):
    """Calls that are reset at once, then one that must be answered unless the server has had enough of its client."""
    random, sent = client.random, b""
    count = random.choice([1, 3, 10, 200])
    for stream in range(1, 2 * count, 2):
        path = random.choice(client.rpcs + client.streams)
        sent += http2.headers(stream, fields(client, path)) + http2.data(stream, framed(0, b""), random.random() < 0.7)
        sent += http2.reset(stream, random.choice(CODES))
    last = 2 * count + 1
    head = fields(client, SERVICE + "GetServerInfo")
    with opened(client) as connection:
        connection.send(sent + http2.headers(last, head) + http2.data(last, framed(0, b"")))
        judge_all(client, "grpc reset", connection, {last: f"{head} after {count} resets"}, may_close=True)


def withhold(client):
    """Room for the replies is withheld for a while, and then given to some clients: they get all of it."""
    random, path, window = client.random, client.random.choice(client.rpcs), client.random.choice(WINDOWS)
    body = framed(0, message(client, path))
    with opened(client, initial_window=window) as connection:
        connection.send(http2.headers(1, fields(client, path)) + http2.data(1, body))
        connection.expect([1])
        connection.read_until(time.monotonic() + random.choice([0.02, 0.2, 1]))
        if random.random() < 0.5:
            client.faults.count("grpc withheld", "left")
            return
        connection.begun = time.monotonic()
        room = (1 << 31) - 1 - 65535
        connection.send(http2.window_update(1, room) + http2.window_update(0, room))
        judge_all(client, "grpc withheld", connection, {1: f"{path} {body!r} window {window}"})


def listen(client, connection, what):
    connection.expect([1])
    connection.read_until(time.monotonic() + STREAM_SECONDS)
    judge(client, "grpc stream", what, connection, closed_is_right=True)


def subscribe(client):
    """Streams with a valid or mutated request, listened to for a moment."""
    path = client.random.choice(client.streams)
    body = framed(0, message(client, path))
    if client.random.random() < 0.3:
        body = client.values.mutated_bytes(body, 3)
    with opened(client) as connection:
        connection.send(http2.headers(1, fields(client, path)) + http2.data(1, body))
        listen(client, connection, f"{path} {body!r}")


def web(client):
    """Flat queries and pages over HTTP/2."""
    random = client.random
    target = flat_target(client) if random.random() < 0.5 else page_target(client)
    head = fields(client, target, None, random.choice(["GET"] * 8 + ["HEAD", "OPTIONS"]))
    with opened(client) as connection:
        connection.send(http2.headers(1, head, ends=True))
        if is_endless(target):
            listen(client, connection, target)
        else:
            judge_all(client, "web over HTTP/2", connection, {1: f"{head}"}, may_close=len(target) > 8000)


def frames(client):
    """Frames that are mutated or out of place. No answer is due; the server closes the connection or goes on."""
    random, path = client.random, client.random.choice(client.rpcs)
    head, body = http2.headers(1, fields(client, path)), http2.data(1, framed(0, message(client, path)))
    kind = random.randrange(6)
    if kind == 0:
        sent = client.values.mutated_bytes(head + body, 5)
    elif kind == 1:
        sent = head + body[: random.randrange(len(body) + 1)]
    elif kind == 2:
        sent = b"".join(odd_frame(random) for _ in range(random.choice([1, 5, 300]))) + head + body
    elif kind == 3:
        endless = http2.frame(http2.CONTINUATION, 0, 1, b"\0\x01a\x7f\x00" + b"b" * 127)
        sent = http2.frame(http2.HEADERS, 0, 1, b"") + endless * random.choice([1, 100, 2000])
    elif kind == 4:
        sent = head + http2.headers(1, fields(client, path)) + body + body
    else:
        sent = http2.frame(http2.HEADERS, 5, 1, random.randbytes(random.randrange(200)))
    with opened(client, initial_window=random.choice([0, 65535, 1 << 31])) as connection:
        connection.send(sent)
        connection.expect([1])
        connection.read_until(time.monotonic() + STREAM_SECONDS)
        answer = connection.answers[1]
        what = f"form {kind}, {len(sent)} bytes: {sent[:300]!r}"
        judge(client, "frames", what, connection, limit=SERVER_MAXIMUM, closed_is_right=True)
        if answer.status == CLOSED:
            client.faults.count("frames goaway", connection.goaway)


def odd_frame(random):
    kind = random.choice([*range(10), 10, 0x50, 255])
    stream = random.choice([0, 0, 1, 1, 2, 3, 2**31 - 1])
    content = random.randbytes(random.choice([0, 4, 5, 6, 8, 17, 100]))
    return http2.frame(kind, random.randrange(256), stream, content)


KINDS = {
    call: 5,
    call_mutated: 4,
    call_other_service: 1,
    call_without_message: 1,
    call_oddly: 4,
    call_many: 1,
    call_and_reset: 1,
    withhold: 1,
}
KINDS |= {subscribe: 1, web: 2, frames: 2}
