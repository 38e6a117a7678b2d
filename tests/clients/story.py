"""The steps of every client, and the answers it must see: the story of story.json, played through a given client.

A client is an object with:
  services()               the names of the services the server lists
  methods()                the names of the methods of the ledger's service
  describe()               what the tool shows of GetState, comments included; None where it shows none
  call(method, request)    the reply to a unary call, in proto3 JSON as a dict; raises Refused
  stream(method, request)  the replies of a stream, a list of such dicts
  health()                 what grpc.health.v1 says of the ledger's service

This file names no client, and needs nothing but Python itself.
"""

import copy
import json
import pathlib
import re
import uuid

HERE = pathlib.Path(__file__).parent
STORY = json.loads((HERE / "story.json").read_text(encoding="utf-8"))
SERVICE_FILE = (HERE / "../../proto/detente/v1/ledger.proto").read_text(encoding="utf-8")
METHODS = sorted(re.findall(r"^ *rpc (\w+)", SERVICE_FILE, re.MULTILINE))


class Refused(Exception):
    """The server refused a call: the status code by its name, the reason of ErrorInfo, its domain, the fields of BadRequest."""

    def __init__(self, code, message, reason, domain, fields):
        super().__init__(f"{code} {reason}: {message}")
        self.code, self.message, self.reason, self.domain, self.fields = code, message, reason, domain, fields


def refused(code, message, details):
    """Makes a Refused from details in JSON, as most clients show them."""
    of = {d["@type"].rpartition("/")[2]: d for d in details}
    info = of.get("google.rpc.ErrorInfo", {})
    violations = of.get("google.rpc.BadRequest", {}).get("fieldViolations", [])
    return Refused(code, message, info.get("reason"), info.get("domain"), [v["field"] for v in violations])


def documents(text):
    """Splits a run of JSON documents, as a stream is printed."""
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def check(what, seen, expected):
    """Says what was checked, or ends the test with what was seen instead."""
    if seen != expected:
        raise SystemExit(f"  FAILED {what}\n    expected {expected!r}\n    seen     {seen!r}")
    print(f"  ok {what}", flush=True)


def tell(name, client):
    """Tells the whole story, in an order in which each part stands on the ones before."""
    listed_and_described(client)
    the_founding_question(client)
    before = int(client.call("GetServerInfo", {})["head"]["position"])
    claim = appended(name, client)
    its_own_relationship(client, claim)
    refusals(client, claim)
    the_whole_log(client, before + len(claim["request"]["commands"]))


def listed_and_described(client):
    service = STORY["service"]
    services = client.services()
    check("list: the ledger and health", sorted({service, "grpc.health.v1.Health"} - set(services)), [])
    check(f"list: the {len(METHODS)} methods of the proto", sorted(client.methods()), METHODS)
    shown = client.describe()
    if shown is not None:
        check("describe: GetState with its comment", "Returns the state at `valid_at`" in shown, True)
        check("describe: valid_at with its comment", "Date of the question (EDTF" in shown, True)
    check("health: the ledger is served", client.health(), "SERVING")


def the_founding_question(client):
    founding = STORY["founding"]
    state = client.call("GetState", founding["request"])
    definite = [m["claim"]["externalIds"][0]["id"] for m in state["matches"] if m["certainty"] == "CERTAINTY_DEFINITE"]
    check("state: four definite matches", sorted(definite), founding["definite"])
    check("state: and no other", len(state["matches"]), len(founding["definite"]))
    check("state: a recorded absence", state["emptiness"], founding["emptiness"])
    check("state: definite", state["absenceCertainty"], founding["absenceCertainty"])


def appended(name, client):
    """Appends two parties of its own and a claim about them, then sends the same again."""
    mark = uuid.uuid4().hex[:12]
    parties = [f"{name}_{mark}_{side}" for side in ("A", "B")]
    claim = copy.deepcopy(STORY["claim"])
    claim["parties"] = [{"partyId": party, "role": "party"} for party in parties]
    claim["relationships"] = ["-".join(parties)]
    claim["attribution"] = [{"partyId": parties[0], "role": "ATTRIBUTION_ROLE_SPEAKER"}]
    registered = [
        {"registerParty": {"party": {"partyId": p, "type": "PARTY_TYPE_ORGANISATION", "names": [{"lang": "en", "name": p}]}}}
        for p in parties
    ]
    request = {
        "requestId": str(uuid.uuid4()),
        "recordedBy": f"smoke test of {name}",
        "commands": [*registered, {"assertClaim": {"claim": claim}}],
    }
    first = client.call("Append", request)
    check("append: one result per command", len(first["results"]), 3)
    check("append: not a replay", first.get("replayed", False), False)
    again = client.call("Append", request)
    check("append: the same request again is a replay", again.get("replayed", False), True)
    check("append: with the first results", again["results"], first["results"])
    check("append: and the first basis", again["context"]["basis"], first["context"]["basis"])
    return {
        "request": request,
        "id": first["results"][-1]["claimId"],
        "basis": first["context"]["basis"],
        "position": int(first["context"]["position"]),
        "relationship": claim["relationships"][0],
        "texts": claim["texts"],
    }


def its_own_relationship(client, claim):
    """Reads what it wrote; and what was known before stays as it was."""
    about = {"items": [{"relationships": [claim["relationship"]]}]}
    question = {"filter": about, "validAt": "2025-08", "mode": "STATE_MODE_HOLDS_AT"}
    now = client.call("GetState", {**question, "cut": {"basis": claim["basis"]}})
    check("state: the new claim holds", [m["claim"]["claimId"] for m in now["matches"]], [claim["id"]])
    check("state: the Arabic comes back byte for byte", now["matches"][0]["claim"]["texts"], claim["texts"])
    then = client.call("GetState", {**question, "cut": STORY["founding"]["request"]["cut"]})
    check("state: nothing of it was recorded earlier", then["emptiness"], "EMPTINESS_NOTHING_RECORDED")
    cuts = {"from": {"validAt": "2025-08", "cut": STORY["founding"]["request"]["cut"]}, "to": {"validAt": "2025-08", "cut": {"basis": claim["basis"]}}}
    diff = client.call("Diff", {"filter": about, **cuts, "mode": question["mode"]})
    changes = [(c["claimId"], c["reason"], [int(cause["position"]) for cause in c["causes"]]) for c in diff["changes"]]
    check("diff: the claim is new, by this append", changes, [(claim["id"], "CHANGE_REASON_NEW", [claim["position"]])])
    about["items"][0]["text"] = STORY["searchWord"]
    found = client.call("ListClaims", {"filter": about})
    check("search: an Arabic word without its marks", [c["claimId"] for c in found["claims"]], [claim["id"]])


def refusals(client, claim):
    malformed = STORY["malformed"]
    error = refusal(client, malformed["request"])
    check("error: the code", error.code, malformed["code"])
    check("error: ErrorInfo", (error.reason, error.domain), (malformed["reason"], "detente"))
    check("error: BadRequest with every violation", sorted(error.fields), malformed["violations"])
    error = refusal(client, {**claim["request"], "recordedBy": "another"})
    check("error: a request id with another body", (error.code, error.reason), ("ALREADY_EXISTS", "REQUEST_ID_REUSED"))


def refusal(client, request):
    try:
        return check("error: refused", client.call("Append", request), "a refusal")
    except Refused as error:
        return error


def the_whole_log(client, expected):
    batches = client.stream("ReadEvents", {})
    events = [event for batch in batches for event in batch.get("events", [])]
    check(f"stream: {expected} events, dense from 1", [int(e["position"]) for e in events], list(range(1, expected + 1)))
    dossier = [e for e in events if e.get("backfilled")]
    check(f"stream: {STORY['demoEvents']} of them the dossier", len(dossier), STORY["demoEvents"])
    check("stream: the head in the last reply", int(batches[-1]["context"]["position"]), expected)
