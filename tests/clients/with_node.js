// Node with @grpc/grpc-js through reflection only: the client is built from the descriptors the server hands out. The same
// story as story.py, in Node's own words: fields are named as in the proto files (valid_at, not validAt), instants are
// {seconds, nanos}, error details arrive as bytes in the trailers.
"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const grpc = require("@grpc/grpc-js");
const { GrpcReflection } = require("grpc-js-reflection-client");
const { appendRequest } = require("./append.cjs");
const STORY = require("./story.json");
const SERVICE_FILE = readFileSync(join(__dirname, "../../proto/detente/v1/ledger.proto"), "utf-8");
const METHODS = [...SERVICE_FILE.matchAll(/^ *rpc (\w+)/gm)].map(([, method]) => method).sort();

const address = process.argv[2];
const credentials = grpc.credentials.createInsecure();
const shape = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: false };

function check(what, seen, expected) {
  assert.deepEqual(seen, expected, `FAILED ${what}`);
  console.log(`  ok ${what}`);
}

// Renames the fields of a message, however deep: story.json has them as in proto3 JSON, this client as in the proto files.
function renamed(value, rule) {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rule));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [rule(name), renamed(inner, rule)]));
}
const asInProto = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const asInJson = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

// Proto3 JSON writes an instant as a string, Node as seconds and nanos.
function instant(text) {
  return { seconds: String(Date.parse(text) / 1000), nanos: 0 };
}

class Client {
  static async connect() {
    const reflection = new GrpcReflection(address, credentials, {}, "v1");
    const client = new Client();
    client.services = await reflection.listServices();
    const ledger = await reflection.getDescriptorBySymbol(STORY.service);
    const health = await reflection.getDescriptorBySymbol("grpc.health.v1.Health");
    client.status = (await reflection.getDescriptorBySymbol("google.rpc.Status")).getProtobufJsRoot();
    client.details = (await reflection.getDescriptorBySymbol("google.rpc.BadRequest")).getProtobufJsRoot();
    const { LedgerService } = ledger.getPackageObject(shape).detente.v1;
    client.service = LedgerService.service;
    client.ledger = new LedgerService(address, credentials);
    client.health = new (health.getPackageObject(shape).grpc.health.v1.Health)(address, credentials);
    return client;
  }

  deadline() {
    return { deadline: Date.now() + 30_000 };
  }

  call(method, request, stub = this.ledger) {
    return new Promise((resolve, reject) => {
      const answer = (error, reply) => (error ? reject(error) : resolve(renamed(reply, asInJson)));
      stub[method](renamed(request, asInProto), this.deadline(), answer);
    });
  }

  async stream(method, request) {
    const replies = [];
    const stream = this.ledger[method](renamed(request, asInProto), this.deadline());
    for await (const reply of stream) replies.push(renamed(reply, asInJson));
    return replies;
  }

  // The refusal of an append: code, reason, domain, fields.
  async refusal(request) {
    const error = await this.call("Append", request).then(() => assert.fail("not refused"), (refusal) => refusal);
    if (!error.metadata) throw error;
    const [bytes] = error.metadata.get("grpc-status-details-bin");
    const status = this.status.lookupType("google.rpc.Status").decode(bytes);
    const found = { code: grpc.status[error.code], fields: [] };
    for (const { typeUrl, value } of status.details) {
      const name = typeUrl.split("/").pop();
      const detail = this.details.lookupType(name).decode(value).toJSON();
      if (name === "google.rpc.ErrorInfo") Object.assign(found, { reason: detail.reason, domain: detail.domain });
      if (name === "google.rpc.BadRequest") found.fields = detail.fieldViolations.map((violation) => violation.field);
    }
    return found;
  }
}

async function listedAndDescribed(client) {
  check("list: the ledger and health", [STORY.service, "grpc.health.v1.Health"].filter((s) => !client.services.includes(s)), []);
  check(`list: the ${METHODS.length} methods of the proto`, Object.keys(client.service).sort(), METHODS);
  check("describe: ReadEvents is a stream", client.service.ReadEvents.responseStream, true);
  const fields = client.service.GetState.requestType.type.field.map((field) => field.name);
  check("describe: the fields of GetState", fields.includes("valid_at"), true);
  const health = await client.call("Check", { service: STORY.service }, client.health);
  check("health: the ledger is served", health.status, "SERVING");
}

async function theFoundingQuestion(client) {
  const { request, definite, emptiness, absenceCertainty } = STORY.founding;
  const state = await client.call("GetState", { ...request, cut: { knownAt: instant(request.cut.knownAt) } });
  const seen = state.matches.filter((match) => match.certainty === "CERTAINTY_DEFINITE");
  check("state: four definite matches", seen.map((match) => match.claim.externalIds[0].id).sort(), definite);
  check("state: and no other", state.matches.length, definite.length);
  check("state: a recorded absence, definite", [state.emptiness, state.absenceCertainty], [emptiness, absenceCertainty]);
}

async function appended(client) {
  const { claim, request } = appendRequest(STORY, "NODE");
  const first = await client.call("Append", request);
  check("append: one result per command", first.results.length, 3);
  check("append: not a replay", first.replayed, false);
  const again = await client.call("Append", request);
  check("append: the same request again is a replay", again, { ...first, replayed: true });
  return { request, id: first.results[2].claimId, basis: first.context.basis, position: Number(first.context.position), relationship: claim.relationships[0] };
}

async function itsOwnRelationship(client, claim) {
  const about = { relationships: [claim.relationship] };
  const question = { filter: { items: [about] }, validAt: "2025-08", mode: "STATE_MODE_HOLDS_AT" };
  const now = await client.call("GetState", { ...question, cut: { basis: claim.basis } });
  check("state: the new claim holds", now.matches.map((match) => match.claim.claimId), [claim.id]);
  const texts = now.matches[0].claim.texts.map(({ text }) => text);
  check("state: the Arabic comes back byte for byte", texts, STORY.claim.texts.map(({ text }) => text));
  const then = await client.call("GetState", { ...question, cut: { knownAt: instant(STORY.founding.request.cut.knownAt) } });
  check("state: nothing of it was recorded earlier", then.emptiness, "EMPTINESS_NOTHING_RECORDED");
  const cuts = { from: { validAt: "2025-08", cut: { knownAt: instant(STORY.founding.request.cut.knownAt) } }, to: { validAt: "2025-08", cut: { basis: claim.basis } } };
  const diff = await client.call("Diff", { filter: question.filter, ...cuts, mode: question.mode });
  const changes = diff.changes.map(({ claimId, reason, causes }) => [claimId, reason, causes.map((cause) => Number(cause.position))]);
  check("diff: the claim is new, by this append", changes, [[claim.id, "CHANGE_REASON_NEW", [claim.position]]]);
  const found = await client.call("ListClaims", { filter: { items: [{ ...about, text: STORY.searchWord }] } });
  check("search: an Arabic word without its marks", found.claims.map((match) => match.claimId), [claim.id]);
}

async function refusals(client, claim) {
  const { request, code, reason, violations } = STORY.malformed;
  const malformed = await client.refusal(request);
  check("error: code, ErrorInfo, BadRequest with every violation", { ...malformed, fields: malformed.fields.sort() }, {
    code,
    reason,
    domain: "detente",
    fields: violations,
  });
  const reused = await client.refusal({ ...claim.request, recordedBy: "another" });
  check("error: a request id with another body", [reused.code, reused.reason], ["ALREADY_EXISTS", "REQUEST_ID_REUSED"]);
}

async function theWholeLog(client, expected) {
  const batches = await client.stream("ReadEvents", {});
  const events = batches.flatMap((batch) => batch.events);
  const dense = Array.from({ length: expected }, (_, index) => index + 1);
  check(`stream: ${expected} events, dense from 1`, events.map((event) => Number(event.position)), dense);
  check(`stream: ${STORY.demoEvents} of them the dossier`, events.filter((e) => e.backfilled).length, STORY.demoEvents);
  check("stream: the head in the last reply", Number(batches.at(-1).context.position), expected);
}

async function main() {
  const client = await Client.connect();
  await listedAndDescribed(client);
  await theFoundingQuestion(client);
  const before = Number((await client.call("GetServerInfo", {})).head.position);
  const claim = await appended(client);
  await itsOwnRelationship(client, claim);
  await refusals(client, claim);
  await theWholeLog(client, before + claim.request.commands.length);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
