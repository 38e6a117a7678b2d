"""Flat queries and pages over HTTP/1.1 with parameters at random, and requests that are odd as HTTP/1.1."""

import urllib.parse

from .calls import json_body
from .client import SERVICE
from .http1 import written
from .values import DATES, INSTANTS, INTEGERS

PAGES = ["/", "/relationship/{}", "/claim/{}", "/party/{}", "/conflicts", "/diff", "/feed", "/gaps", "/series"]
PAGES += ["/upcoming", "/what-if"]
FIELDS = ["relationship", "party", "kind", "valid_at", "known_at", "position", "basis", "lang", "page_token", "from"]
FIELDS += ["until", "bucket", "group_by", "scheme", "type", "transition", "text", "from_valid_at", "to_valid_at", "what_if"]
FIELDS += ["from_known_at", "to_known_at", "claim_id", "after_position", "newest_first", "page_size", "mode", "theme"]
COUNTS = ("limit", "position", "after_position", "from_position", "to_position", "stale_days", "page_size", "width")
ONE_OF = {
    "format": ["json", "csv", "parquet", "jsonl", "xml", ""],
    "bucket": ["day", "week", "month", "year", "century", ""],
    "mode": ["holds_at", "occurred_by", "HOLDS_AT", "x"],
}
BROKEN_QUERIES = ["%", "%zz", "&&&", "=", "a=%ff%fe", "a" * 9000, "?", "kind=" + "x," * 3000]
FORM_TYPES = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
LANGUAGES = ["de", "en;q=0.1,de", "*", "x" * 500, "zh-Hant-TW;q=9", ",,,;;;"]
ACCEPTED = ["text/csv", "text/event-stream", "application/json", "*/*;q=0", "x", "application/vnd.apache.parquet"]

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PRI", "get", "X" * 300]
METHODS += ["M-SEARCH"]
TARGETS = ["/healthz", "/readyz", "/metrics", "/page/page.css", "/page/page.js", "/page/icon.svg"]
TARGETS += [
    "/api/v1/openapi.json",
    "/nothing",
    "*",
    "//",
    "/%2e%2e/",
    "/../x",
    "http://127.0.0.1/healthz",
    "http://evil.example/healthz",
]
TARGETS += ["/" + "a" * 8000, SERVICE, SERVICE + "Nothing", "/grpc.health.v1.Health/Check", "/%00"]
TARGETS += ["/grpc.health.v1.Health/Watch", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"]
TARGETS += ["/page/..%2f..%2fetc"]
HOSTS = ["localhost", "evil.example", "", "[::1]", "[::1", "a b", "127.0.0.1:99999999", "LOCALHOST.", "x.localhost"]
HOSTS += ["127.1", "é", "a@127.0.0.1"]
ORIGINS = ["null", "http://evil.example", "", "file://", "http://localhost", "é", "http://", "*"]
MEDIA_TYPES = ["application/json", "application/json; charset=utf-8", "application/json;charset=latin1", "text/plain"]
MEDIA_TYPES += ["application/x-www-form-urlencoded", "", "x", "application/grpc", "application/grpc-web-text+proto"]
MEDIA_TYPES += ["multipart/form-data", "application/" + "x" * 3000]
ENCODINGS = ["gzip", "br", "zstd", "identity", "deflate", "x", "gzip, gzip", ""]
OTHER_NAMES = ["Access-Control-Request-Method", "Access-Control-Request-Headers", "Upgrade", "HTTP2-Settings", "Range"]
OTHER_NAMES += ["If-None-Match", "If-Modified-Since", "TE", "Expect", "X-Request-Id", "Traceparent", "Cookie"]
OTHER_NAMES += ["Authorization", "X-Forwarded-Host", "Sec-Fetch-Site", "Forwarded"]
OTHER_VALUES = ["POST", "*", "h2c", "bytes=0-", "100-continue", "x" * 4000, "cross-site", "é", "trailers", ""]
OTHER_VALUES += ["00-" + "0" * 32 + "-" + "0" * 16 + "-01"]
LENGTHS = ["-1", "x", "99999999999999999999999", "0, 0", "+5", ""]
CHUNKS = [b"zz\r\n", b"0\r\n\r\n", b"ffffffffffffffffff\r\n", b"5;x=y\r\n{}\r\n"]
VERSIONS = [b" HTTP/1.0", b" HTTP/2.0", b" HTTP/9.9", b"", b" HTTP/1.1 x"]


def quoted(text, safe=""):
    return urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe=safe)


def parameter(client, name):
    """A value that may be right for a parameter of this name."""
    random, plain = client.random, name.lower()
    if plain in COUNTS:
        return str(random.choice(INTEGERS))
    if plain in ONE_OF:
        return random.choice(ONE_OF[plain])
    if "known" in plain:
        return random.choice(INSTANTS)
    if plain in ("from", "until") or "valid" in plain:
        return random.choice(DATES)
    return client.values.text(plain)


def query(client, names):
    random, parts = client.random, []
    for _ in range(random.choice([0, 1, 2, 2, 3, 4, 6, 40 if random.random() < 0.1 else 2])):
        name = random.choice(names) if random.random() < 0.97 else client.values.text()
        value = parameter(client, name)
        if random.random() < 0.1:
            value = f"{value},{client.values.text(name)}"
        parts.append(f"{quoted(name)}={quoted(value, '*-:/' if random.random() < 0.5 else '')}")
    if random.random() < 0.03:
        parts.append(random.choice(BROKEN_QUERIES))
    return "?" + "&".join(parts) if parts else ""


def flat_target(client):
    """A flat query and its parameters."""
    path = client.random.choice(client.flats)
    names = [known["name"] for known in client.api["paths"][path]["get"].get("parameters", [])]
    return path + query(client, names or ["x"])


def page_target(client):
    value = quoted(client.values.text(client.random.choice(["party", "relationship", "claimid"])))
    return client.random.choice(PAGES).replace("{}", value) + query(client, FIELDS)


def is_endless(target):
    return target.partition("?")[0].endswith("/feed")


def flat(client):
    random, headers, target = client.random, client.headers(), flat_target(client)
    method = random.choice(["GET"] * 8 + ["HEAD", "OPTIONS"])
    limit = client.timeout(headers)
    if random.random() < 0.1:
        headers.append(("Accept", random.choice(ACCEPTED)))
    if random.random() < 0.05:
        headers.append(("Last-Event-ID", random.choice([*map(str, INTEGERS), "x", ""])))
    endless = is_endless(target)
    raw = written(method, target, headers)
    client.ask("feed" if endless else "flat", raw, limit, head_only=method == "HEAD", streaming=endless)


def page(client):
    random, headers, target = client.random, client.headers(), page_target(client)
    if random.random() < 0.2:
        headers.append(("Accept-Language", random.choice(LANGUAGES)))
    path, _, form = target.partition("?")
    if path == "/what-if" and random.random() < 0.3:
        if random.random() < 0.7:
            headers.append(("Origin", f"http://127.0.0.1:{client.port}"))
        headers += [("Content-Type", random.choice(FORM_TYPES)), ("Content-Length", len(form))]
        client.ask("page", written("POST", path, headers, form.encode()))
        return
    method = random.choice(["GET"] * 9 + ["HEAD"])
    raw = written(method, target, headers)
    client.ask("page", raw, head_only=method == "HEAD", streaming=is_endless(target))


def odd_headers(client):
    random, headers = client.random, []
    own = f"127.0.0.1:{client.port}"
    if random.random() < 0.95:
        headers.append(("Host", own if random.random() < 0.6 else random.choice(HOSTS)))
    if random.random() < 0.05:
        headers.append(("Host", "evil.example"))
    headers.append(("Connection", random.choice(["close", "close", "close, upgrade", "close, x-a"])))
    for name, share, choices in (
        ("Origin", 0.4, [*ORIGINS, "http://" + own]),
        ("Content-Type", 0.5, MEDIA_TYPES),
        ("Content-Encoding", 0.3, ENCODINGS),
        (random.choice(OTHER_NAMES), 0.2, OTHER_VALUES),
    ):
        if random.random() < share:
            headers.append((name, random.choice(choices)))
    if random.random() < 0.02:
        headers += [(f"X-{number}", "y" * 50) for number in range(random.choice([90, 101, 400]))]
    return headers


def odd_body(client, target):
    pick = client.random.random()
    if pick < 0.4:
        return b""
    if pick < 0.7:
        return client.messages.any(client.random.choice(sorted(client.contract.rpcs)))
    return json_body(client, target) if target in client.rpcs else b"{}"


def odd(client):
    """Methods, hosts, origins, media types, encodings, lengths, chunks and versions at random."""
    random = client.random
    method, target = random.choice(METHODS), random.choice(client.rpcs + client.flats + TARGETS)
    headers, body = odd_headers(client), odd_body(client, target)
    pick, complete = random.random(), True
    if pick < 0.8:
        headers.append(("Content-Length", len(body)))
    elif pick < 0.9:
        headers.append(("Transfer-Encoding", "chunked"))
        whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        body, complete = (whole, True) if random.random() < 0.7 and body else (random.choice(CHUNKS), False)
    elif pick < 0.95:
        headers.append(("Content-Length", random.choice(LENGTHS)))
        complete = False
    raw = written(method, target, headers, body)
    if random.random() < 0.05:
        raw = raw.replace(b" HTTP/1.1", random.choice(VERSIONS), 1)
    if random.random() < 0.03:
        raw = client.values.mutated_bytes(raw[:300], 4) + raw[300:]
        complete = False
    # A body that is announced and does not come may be waited for: then no reply is due.
    due = complete and method not in ("HEAD", "CONNECT") and "Watch" not in target and not is_endless(target)
    client.ask("odd", raw, head_only=True, streaming=not due, excused=(501, 505))


KINDS = {flat: 5, page: 4, odd: 4}
