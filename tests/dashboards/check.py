"""Holds the dashboards and alerts against what Prometheus and the server answer. Nothing but Python's own library."""

import json
import math
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SERVER, PROMETHEUS, DEPLOY = f"http://{sys.argv[1]}", f"http://{sys.argv[2]}", Path(sys.argv[3])

# The values that Grafana puts in place of its variables.
GRAFANA = {
    "${__from:date:YYYY-MM-DD}": "2025-01-01",
    "${__to:date:YYYY-MM-DD}": "2025-09-20",
    "${relationship}": "AZE-RUS",
    "${kind}": "",
    "${known_at}": "",
    "$__rate_interval": "1m",
    "$instance": ".*",
}

checks = 0


def check(what, holds, shown=""):
    global checks
    checks += 1
    if not holds:
        sys.exit(f"FAILED {what}: {shown}")


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def rpc(name, request):
    body = json.dumps(request).encode()
    headers = {"content-type": "application/json"}
    call = urllib.request.Request(f"{SERVER}/detente.v1.LedgerService/{name}", body, headers)
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def filled_in(text):
    for name, value in GRAFANA.items():
        text = text.replace(name, value)
    return text


def query(expression):
    answer = get(f"{PROMETHEUS}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
    return answer["data"]["result"]


def series(expression):
    """The values of an expression: numbers, no others."""
    values = [float(one["value"][1]) for one in query(expression)]
    return [value for value in values if not math.isnan(value)]


def some_traffic():
    """Makes something of everything to measure: questions, appends, a refusal, a follower."""
    rpc("GetState", {})
    rpc("GetClaim", {"claimId": "019862ed-ac00-7000-8000-0000000fffff"})
    name = f"T{time.monotonic_ns()}"
    party = {"partyId": name, "type": "PARTY_TYPE_STATE", "names": [{"lang": "en", "name": name}]}
    rpc("Append", {"recordedBy": "a test", "commands": [{"registerParty": {"party": party}}]})


def followed():
    feed = urllib.request.urlopen(f"{SERVER}/api/v1/feed?from_head=true", timeout=100)
    threading.Thread(target=lambda: [None for _ in feed], daemon=True).start()


def scraped_under_way():
    """Until there are enough samples for a rate."""
    for _ in range(200):
        some_traffic()
        try:
            rates = series('rate(detente_rpc_seconds_count{rpc="Append"}[1m])')
            if max(rates, default=0) > 0 and series("count_over_time(detente_serving[1m])")[:1] >= [6]:
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.25)
    sys.exit("FAILED: Prometheus has scraped nothing")


def left_of_threshold(expression):
    """An alert without its last comparison."""
    return re.fullmatch(r"(.*\S)\s+(?:<|>)=?\s+[0-9.]+", expression.strip(), re.DOTALL)[1]


def the_alerts():
    rules = get(f"{PROMETHEUS}/api/v1/rules")["data"]["groups"][0]["rules"]
    check("alerts: all of them are loaded", len(rules) == 21, len(rules))
    for rule in rules:
        check(f"alert {rule['name']}: judged without an error", rule["health"] == "ok", rule)
        check(f"alert {rule['name']}: silent", rule["state"] == "inactive", rule["state"])
        measured = series(left_of_threshold(rule["query"]))
        check(f"alert {rule['name']}: has a value", measured, rule["query"])
    print(f"  ok {len(rules)} alerts: loaded, silent, each with a value")


def panels(name):
    board = json.loads((DEPLOY / "grafana" / name).read_text())
    check(f"{name}: a dashboard", board["uid"] and board["title"] and board["panels"])
    ids = [panel["id"] for panel in board["panels"]]
    check(f"{name}: ids are of one panel each", len(ids) == len(set(ids)))
    for panel in board["panels"]:
        place = panel["gridPos"]
        check(f"{name}: {panel['title']} fits", place["x"] + place["w"] <= 24 and panel["description"])
    return board["panels"]


def the_operators_dashboard():
    expressions = [t["expr"] for panel in panels("operators.json") for t in panel["targets"]]
    for expression in expressions:
        check(f"operators.json: {expression}", series(filled_in(expression)), "no series")
    print(f"  ok {len(expressions)} expressions of the operators' dashboard have values")


def at(value, selector):
    for step in filter(None, selector.split(".")):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = (value or {}).get(step)
    return value


def the_relationship_dashboard():
    targets = [t for panel in panels("relationship.json") for t in panel["targets"]]
    for target in targets:
        answer = get(SERVER + filled_in(target["url"]))
        rows = at(answer, target["root_selector"])
        rows = rows if isinstance(rows, list) else [rows]
        check(f"relationship.json: {target['url']} has rows", rows and rows[0] is not None)
        for column in target["columns"]:
            known = any(at(row, column["selector"]) not in (None, "") for row in rows)
            # Fields that are only there with another: an absence, a note.
            optional = column["text"] in ("Absence", "Note", "Status", "Emptiness")
            check(f"relationship.json: {target['url']}: {column['selector']}", known or optional, rows[:1])
    print(f"  ok {len(targets)} queries of the relationship's dashboard are answered")


def main():
    followed()
    scraped_under_way()
    the_alerts()
    the_operators_dashboard()
    the_relationship_dashboard()
    print(f"dashboards: {checks} checks hold")


main()
