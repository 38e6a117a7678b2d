"""Refusals of every size, as grpcio receives them: straight from the server and through a proxy.

Usage: with_grpcio.py SERVER FOLDER THROUGH...   Writes the requests and what must come of them into FOLDER, for other clients
(cases.tsv: file, method, code, reason, violations), then makes each call on each address.
"""

import collections
import pathlib
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

APPEND = "/detente.v1.LedgerService/Append"
STATE = "/detente.v1.LedgerService/GetState"
CHECK = "/grpc.health.v1.Health/Check"
TEXTS = {"ascii": "a b", "arabic": "نص عربي", "long": "long words " * 30, "long_arabic": "كلمات طويلة " * 30}
TIMES = 20
# An append has no more query boundaries than this.
BOUNDARIES = 16

Case = collections.namedtuple("Case", "name method code reason violations request")


def party(party_id):
    return {"registerParty": {"party": {"partyId": party_id, "type": "PARTY_TYPE_STATE", "names": [{"lang": "en", "name": "N"}]}}}


def cases(message):
    """Every refusal that can be long, short to very long."""
    append = lambda commands, **more: message("AppendRequest", {"recordedBy": "tests", "commands": commands, **more})
    for count in (1, 2, 3, 20, 50, 100, 1000, 5000):
        for name, text in TEXTS.items():
            if count > 100 and name.startswith("long"):
                continue
            request = append([party(f"{text} {nth}") for nth in range(count)])
            yield Case(f"parties_{name}_{count}", APPEND, "INVALID_ARGUMENT", "INVALID_REQUEST", count, request)
        retract = {"reason": "RETRACTION_REASON_WRONG"}
        commands = [{"retractClaim": {"claimId": f"00000000-0000-4000-8000-{nth:012x}", **retract}} for nth in range(count)]
        yield Case(f"retractions_{count}", APPEND, "FAILED_PRECONDITION", "COMMAND_REJECTED", count, append(commands))
    for count in (1, 16, 17, 100):
        boundary = {"queryBoundary": {"filter": {"items": [{}]}, "afterPosition": "0"}}
        request = append([party("NEW")], preconditions=[boundary] * count)
        if count <= BOUNDARIES:
            yield Case(f"boundaries_{count}", APPEND, "ABORTED", "PRECONDITION_FAILED", count, request)
        else:
            yield Case(f"boundaries_{count}", APPEND, "INVALID_ARGUMENT", "INVALID_REQUEST", 1, request)
        claims = [f"00000000-0000-4000-8000-{nth:012x}" for nth in range(count)]
        revisions = [{"expectedRevision": {"claimId": claim, "exact": 3}} for claim in claims]
        request = append([party("NEW")], preconditions=revisions)
        yield Case(f"revisions_{count}", APPEND, "ABORTED", "PRECONDITION_FAILED", count, request)
    for name, text in TEXTS.items():
        request = message("GetStateRequest", {"filter": {"items": [{"kinds": [text] * 50}]}})
        yield Case(f"filter_{name}", STATE, "INVALID_ARGUMENT", "INVALID_REQUEST", 50, request)
        request = health_pb2.HealthCheckRequest(service=text * 20).SerializeToString()
        yield Case(f"health_{name}", CHECK, "NOT_FOUND", "SERVICE_NOT_FOUND", None, request)
    yield Case("no_rpc", "/detente.v1.LedgerService/Nothing", "UNIMPLEMENTED", "UNSUPPORTED", None, b"")


def maker(address):
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(grpc.insecure_channel(address)))
    make = lambda name: GetMessageClass(pool.FindMessageTypeByName(f"detente.v1.{name}"))
    return lambda name, fields: ParseDict(fields, make(name)(), descriptor_pool=pool).SerializeToString()


def judge(channel, case):
    """Makes one call; says what is wrong with what came of it, or nothing."""
    call = channel.unary_unary(case.method, request_serializer=bytes, response_deserializer=bytes)
    try:
        call(case.request, timeout=30, metadata=(("x-request-id", "r" * 64),))
        return "it was not refused"
    except grpc.RpcError as error:
        status = rpc_status.from_call(error) if error.code().name == case.code else None
        if status is None:
            return f"{error.code().name}: {error.details()}"
        info = error_details_pb2.ErrorInfo()
        if not any(detail.Unpack(info) for detail in status.details):
            return "no ErrorInfo"
        if info.reason != case.reason:
            return f"the reason {info.reason}"
        if case.violations and info.metadata["violations"] != str(case.violations):
            return f"{info.metadata['violations']} violations"
        return None


def main():
    server, folder, *through = sys.argv[1:]
    all_cases = list(cases(maker(server)))
    lines = []
    for case in all_cases:
        pathlib.Path(folder, case.name).write_bytes(case.request)
        lines.append("\t".join([case.name, case.method, case.code, case.reason, str(case.violations or "")]))
    pathlib.Path(folder, "cases.tsv").write_text("\n".join(lines) + "\n")
    wrong = []
    for address in (server, *through):
        with grpc.insecure_channel(address) as channel:
            for case in all_cases:
                found = {judge(channel, case) for _ in range(TIMES)} - {None}
                wrong += [f"{address} {case.name}: {what}" for what in sorted(found)]
    print(f"  {len(all_cases)} refusals, each {TIMES} times on {1 + len(through)} addresses")
    for line in wrong:
        print("  wrong:", line)
    sys.exit(bool(wrong))


main()
