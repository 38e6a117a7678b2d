#!/bin/sh
# Version: @connectrpc/connect 2.3.0 and @connectrpc/connect-web 2.3.0 of npm, @bufbuild/protobuf 2.17.0
#
# A transport with useHttpGet calls a method without side effects by GET. What its interceptors see of that call says POST: a cache or a log of
# requests that is written as an interceptor cannot tell the two apart. The server below prints the method that came.
#
#   interceptor POST, server GET
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @bufbuild/protobuf@2.17.0 @connectrpc/connect@2.3.0 @connectrpc/connect-web@2.3.0
cat > ask.mjs <<'JS'
import assert from "node:assert";
import { createServer } from "node:http";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

const options = { idempotencyLevel: MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS };
const method = { name: "Look", inputType: ".sights.Sight", outputType: ".sights.Sight", options };
const file = create(FileDescriptorProtoSchema, {
  name: "sights.proto", package: "sights", syntax: "proto3",
  messageType: [{ name: "Sight" }], service: [{ name: "Sights", method: [method] }],
});
const service = createFileRegistry(file, () => undefined).getService("sights.Sights");

const seen = {};
const server = createServer((request, response) => {
  seen.server = request.method;
  response.setHeader("content-type", "application/json");
  response.end("{}");
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const transport = createConnectTransport({
  baseUrl: `http://127.0.0.1:${server.address().port}`,
  useHttpGet: true,
  interceptors: [(next) => (request) => { seen.interceptor = request.requestMethod; return next(request); }],
});
await createClient(service, transport).look({});
server.close();
console.log(`interceptor ${seen.interceptor}, server ${seen.server}`);
assert.deepStrictEqual(seen, { interceptor: "POST", server: "GET" });
process.exit(0);
JS
node ask.mjs
