// connect-web and connect-node as they come: over HTTP/1.1 and HTTP/2, as JSON and in binary, with and without compression, by GET
// and by POST. The clients are made from the descriptors of the contract (`buf build`), so that nothing is generated.
//
// node with_connect.mjs ADDRESS DESCRIPTORS STORY
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, fromJson, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport as createNodeTransport } from "@connectrpc/connect-node";
import { createConnectTransport as createWebTransport } from "@connectrpc/connect-web";
import { appendRequest } from "./append.cjs";

const [address, descriptors, stories] = process.argv.slice(2);
const STORY = JSON.parse(readFileSync(stories, "utf-8"));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const service = registry.getService(STORY.service);
const baseUrl = `http://${address}`;

function check(what, seen, expected) {
  assert.deepEqual(seen, expected, `FAILED ${what}`);
  console.log(`  ok ${what}`);
}

const gzip = { sendCompression: compressionGzip, acceptCompression: [compressionGzip], compressMinBytes: 1 };
const plain = { acceptCompression: [] };
const TRANSPORTS = {
  "connect-web, JSON": createWebTransport({ baseUrl }),
  "connect-web, binary, GET": createWebTransport({ baseUrl, useBinaryFormat: true, useHttpGet: true }),
};
for (const httpVersion of ["1.1", "2"]) {
  for (const [how, options] of Object.entries({
    "JSON": { ...plain, useBinaryFormat: false },
    "JSON, gzip, GET": { ...gzip, useBinaryFormat: false, useHttpGet: true },
    "binary": { ...plain, useBinaryFormat: true },
    "binary, gzip, GET": { ...gzip, useBinaryFormat: true, useHttpGet: true },
  })) {
    const transport = createNodeTransport({ baseUrl, httpVersion, ...options });
    TRANSPORTS[`connect-node, HTTP/${httpVersion}, ${how}`] = transport;
  }
}

class Client {
  constructor(transport) {
    this.client = createClient(service, transport);
  }

  method(name) {
    return service.methods.find((method) => method.name === name);
  }

  request(name, json) {
    return fromJson(this.method(name).input, json);
  }

  async call(name, json, options = { timeoutMs: 30_000 }) {
    const method = this.method(name);
    return toJson(method.output, await this.client[method.localName](this.request(name, json), options), { registry });
  }

  async *stream(name, json, options = { timeoutMs: 30_000 }) {
    const method = this.method(name);
    for await (const reply of this.client[method.localName](this.request(name, json), options)) {
      yield toJson(method.output, reply, { registry });
    }
  }

  async refusal(calling) {
    const error = await calling.then(() => assert.fail("not refused"), (refusal) => refusal);
    if (!(error instanceof ConnectError)) throw error;
    const debug = (type) => error.details.find((detail) => detail.type === type)?.debug ?? {};
    const fields = (debug("google.rpc.BadRequest").fieldViolations ?? []).map((violation) => violation.field);
    return { code: Code[error.code], reason: debug("google.rpc.ErrorInfo").reason, fields };
  }
}

async function founding(client, byGet) {
  const { request, definite, emptiness, absenceCertainty } = STORY.founding;
  const headers = new Headers();
  const onHeader = (received) => received.forEach((value, name) => headers.set(name, value));
  const state = await client.call("GetState", request, { onHeader });
  check(`state: asked by ${byGet ? "GET" : "POST"}`, headers.has("etag"), byGet);
  const matches = state.matches.filter((match) => match.certainty === "CERTAINTY_DEFINITE");
  check("state: four definite matches", matches.map((match) => match.claim.externalIds[0].id).sort(), definite);
  check("state: a recorded absence, definite", [state.emptiness, state.absenceCertainty], [emptiness, absenceCertainty]);
}

async function appended(client) {
  const { claim, request } = appendRequest(STORY, "CONNECT");
  const first = await client.call("Append", request);
  check("append: one result per command", first.results.length, 3);
  check("append: the same request again is a replay", await client.call("Append", request), { ...first, replayed: true });
  const about = { relationships: [claim.relationships[0]], text: STORY.searchWord };
  const found = await client.call("ListClaims", { filter: { items: [about] }, cut: { basis: first.context.basis } });
  check("search: the Arabic comes back byte for byte", found.claims.map((one) => one.texts), [claim.texts]);
  return { position: Number(first.context.position), request };
}

async function refusals(client, request) {
  const { malformed } = STORY;
  const refused = await client.refusal(client.call("Append", malformed.request));
  check("error: the code and the reason", [refused.code, refused.reason], ["InvalidArgument", malformed.reason]);
  check("error: every violation", refused.fields.sort(), malformed.violations);
  const reused = await client.refusal(client.call("Append", { ...request, recordedBy: "another" }));
  check("error: a request id with another body", [reused.code, reused.reason], ["AlreadyExists", "REQUEST_ID_REUSED"]);
  const asked = await client.refusal(client.call("GetState", { validAt: "July" }));
  check("error: of a question", [asked.code, asked.fields], ["InvalidArgument", ["valid_at"]]);
  const future = client.stream("ReadEvents", { afterPosition: "999999999" }).next();
  check("error: of a stream", (await client.refusal(future)).code, "OutOfRange");
}

async function followed(client, position) {
  const positions = [];
  for await (const reply of client.stream("ReadEvents", {})) positions.push(...reply.events.map((event) => Number(event.position)));
  check(`stream: ${position} events, dense from 1`, positions, Array.from({ length: position }, (_, at) => at + 1));
  const leaving = new AbortController();
  const kinds = new Set();
  try {
    for await (const frame of client.stream("Subscribe", { afterPosition: "0" }, { signal: leaving.signal })) {
      for (const kind of Object.keys(frame)) kinds.add(kind);
      if (frame.caughtUp) leaving.abort();
    }
  } catch (error) {
    check("subscribe: the client ends it", ConnectError.from(error).code, Code.Canceled);
  }
  check("subscribe: events, and then it has caught up", ["events", "caughtUp"].every((kind) => kinds.has(kind)), true);
  const late = (async () => {
    for await (const _ of client.stream("Subscribe", { fromHead: {} }, { timeoutMs: 400 }));
  })();
  check("subscribe: its deadline ends it", (await client.refusal(late)).code, "DeadlineExceeded");
}

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  console.log(`${name}:`);
  const client = new Client(transport);
  await founding(client, name.includes("GET"));
  const { position, request } = await appended(client);
  await refusals(client, request);
  await followed(client, position);
}
process.exit(0);
