#!/bin/sh
# Version: grpcio 1.85.3 of PyPI
#
# A client of grpcio has two limits for the metadata of an answer, 8 KiB and 16 KiB. Between them it refuses some calls and takes others, by
# chance: the nearer to the second limit, the more. The same answer of 12 KB, asked for 400 times, fails in about every second call, with
# RESOURCE_EXHAUSTED instead of what the server said; one of 7 KB never does, one of 17 KB always.
#
#   7000 bytes: none of 400 fail
#   12000 bytes: some of 400 fail
#   17000 bytes: all of 400 fail
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check grpcio==1.85.3
cat > "$folder/ask.py" <<'PY'
from concurrent import futures

import grpc

CALLS = 400


def answer(request, context):
    context.set_trailing_metadata([("reason", "x" * int(request))])
    context.abort(grpc.StatusCode.NOT_FOUND, "no such party")


handler = grpc.method_handlers_generic_handler("parties.Parties", {"Get": grpc.unary_unary_rpc_method_handler(answer)})
server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers([handler])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
get = grpc.insecure_channel(f"127.0.0.1:{port}").unary_unary("/parties.Parties/Get")


def failures(size):
    failed = 0
    for _ in range(CALLS):
        try:
            get(str(size).encode())
        except grpc.RpcError as error:
            failed += error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    return failed


few, some, all_of_them = failures(7000), failures(12000), failures(17000)
print(f"of {CALLS}: 7000 bytes {few}, 12000 bytes {some}, 17000 bytes {all_of_them}")
assert few == 0 and CALLS // 10 < some < CALLS * 9 // 10 and all_of_them == CALLS
server.stop(None)
PY
"$folder/venv/bin/python" "$folder/ask.py"
