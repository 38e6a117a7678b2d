"""Record a claim, ask for the state, follow the log: a Detente client in Python.

    pip install -r requirements.txt
    mkdir -p gen && python -m grpc_tools.protoc -I ../../proto --python_out=gen --grpc_python_out=gen ../../proto/detente/v1/*.proto
    export PYTHONPATH=gen

    python example.py 127.0.0.1:7443 append "They agree to talk every month."    # prints claim id, basis, position
    python example.py 127.0.0.1:7443 state [BASIS]                              # what holds, at the head or at a basis
    python example.py 127.0.0.1:7443 follow POSITION [COUNT]                    # the log behind a position, for ever
"""

import pathlib
import sys
import time
import uuid

import grpc
from detente.v1 import claim_pb2, command_pb2, cut_pb2, feed_pb2, filter_pb2, ledger_pb2, ledger_pb2_grpc, state_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# Retrying is safe for questions, and for an append that has a request_id.
RETRY = (pathlib.Path(__file__).parent / "../retry.json").read_text()


def append(ledger, text):
    claim = claim_pb2.Claim(
        kind="agreement",
        temporal_type=claim_pb2.TEMPORAL_TYPE_STATE,
        texts=[claim_pb2.Text(lang="en", text=text)],
        relationships=["AZE-RUS"],
        parties=[claim_pb2.ClaimParty(party_id=party, role="party") for party in ("AZE", "RUS")],
        valid="2026-11/..",
        modality=claim_pb2.MODALITY_REPORTED,
        status=claim_pb2.STATUS_IN_FORCE,
    )
    request = ledger_pb2.AppendRequest(
        request_id=str(uuid.uuid4()),
        recorded_by="python example",
        commands=[command_pb2.Command(assert_claim=command_pb2.AssertClaim(claim=claim))],
    )
    reply = ledger.Append(request, timeout=30)
    print(reply.results[0].claim_id, reply.context.basis, reply.context.position)


def state(ledger, basis=None):
    about = filter_pb2.FilterItem(relationships=["AZE-RUS"], kinds=["agreement"])
    request = state_pb2.GetStateRequest(
        filter=filter_pb2.Filter(items=[about]),
        valid_at="2026-12",
        mode=state_pb2.STATE_MODE_HOLDS_AT,
        cut=cut_pb2.Cut(basis=basis),  # at the basis of an append one reads one's own write; None is the head
    )
    reply = ledger.GetState(request, timeout=30)
    for match in reply.matches:
        print(match.claim.claim_id, match.claim.texts[0].text)


def follow(ledger, position, count=None):
    """Each event once, over restarts of the server: after a break it goes on behind the last frame."""
    while count is None or count > 0:
        try:
            for frame in ledger.Subscribe(feed_pb2.SubscribeRequest(after_position=position)):
                for event in frame.events.events[:count]:
                    print(event.position, event.WhichOneof("event"), flush=True)
                if count is not None:
                    count -= len(frame.events.events[:count])
                    if count == 0:
                        return
                position = frame.position
        except grpc.RpcError as error:
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN):
                raise
        time.sleep(0.5)


def why(error):
    """The lines of a refusal: the reason, and every violation of the request."""
    status, info, bad = rpc_status.from_call(error), error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details if status else []:
        _ = detail.Unpack(info) or detail.Unpack(bad)
    violations = [f"\n  {violation.field}: {violation.description}" for violation in bad.field_violations]
    return f"{info.reason or error.code().name}: {error.details()}{''.join(violations)}"


def main(server, verb, *rest):
    with grpc.insecure_channel(server, options=[("grpc.service_config", RETRY)]) as channel:
        ledger = ledger_pb2_grpc.LedgerServiceStub(channel)
        try:
            if verb == "append":
                append(ledger, *rest)
            elif verb == "state":
                state(ledger, *rest)
            else:
                follow(ledger, *map(int, rest))
        except grpc.RpcError as error:
            sys.exit(why(error))


main(*sys.argv[1:])
