// Record a claim, ask for the state, follow the log: a Detente client in TypeScript.
//
//   npm install && npm run build
//
//   node dist/example.js 127.0.0.1:7443 append "They agree to talk every month."    # prints claim id, basis, position
//   node dist/example.js 127.0.0.1:7443 state [BASIS]                              # what holds, at the head or at a basis
//   node dist/example.js 127.0.0.1:7443 follow POSITION [COUNT]                    # the log behind a position, for ever

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { ProtoGrpcType } from "./gen/ledger.js";
import type { LedgerServiceClient } from "./gen/detente/v1/LedgerService.js";
import type { AppendRequest } from "./gen/detente/v1/AppendRequest.js";
import type { AppendResponse__Output } from "./gen/detente/v1/AppendResponse.js";
import type { GetStateRequest } from "./gen/detente/v1/GetStateRequest.js";
import type { GetStateResponse__Output } from "./gen/detente/v1/GetStateResponse.js";
import type { SubscribeResponse__Output } from "./gen/detente/v1/SubscribeResponse.js";

// Retrying is safe for questions, and for an append that has a requestId. The files are beside dist.
const retry = readFileSync(new URL("../../retry.json", import.meta.url), "utf-8");
const proto = new URL("../../../proto", import.meta.url).pathname;

const shape = { longs: String, enums: String, defaults: true, oneofs: true, includeDirs: [proto] };
const loaded = grpc.loadPackageDefinition(loadSync("detente/v1/ledger.proto", shape)) as unknown as ProtoGrpcType;

/** A unary call as a promise. */
function reply<Q, A>(call: (q: Q, o: grpc.CallOptions, f: (e: grpc.ServiceError | null, a?: A) => void) => unknown, request: Q) {
  return new Promise<A>((resolve, reject) => {
    call(request, { deadline: Date.now() + 30_000 }, (error, answer) => (error ? reject(error) : resolve(answer!)));
  });
}

async function append(ledger: LedgerServiceClient, text: string) {
  const request: AppendRequest = {
    requestId: randomUUID(),
    recordedBy: "node example",
    commands: [
      {
        assertClaim: {
          claim: {
            kind: "agreement",
            temporalType: "TEMPORAL_TYPE_STATE",
            texts: [{ lang: "en", text }],
            relationships: ["AZE-RUS"],
            parties: ["AZE", "RUS"].map((partyId) => ({ partyId, role: "party" })),
            valid: "2026-11/..",
            modality: "MODALITY_REPORTED",
            status: "STATUS_IN_FORCE",
          },
        },
      },
    ],
  };
  const { results, context } = await reply<AppendRequest, AppendResponse__Output>(ledger.append.bind(ledger), request);
  console.log(results[0].claimId, context!.basis, context!.position);
}

async function state(ledger: LedgerServiceClient, basis?: string) {
  const request: GetStateRequest = {
    filter: { items: [{ relationships: ["AZE-RUS"], kinds: ["agreement"] }] },
    validAt: "2026-12",
    mode: "STATE_MODE_HOLDS_AT",
    ...(basis && { cut: { basis } }), // at the basis of an append one reads one's own write; without one it is the head
  };
  const { matches } = await reply<GetStateRequest, GetStateResponse__Output>(ledger.getState.bind(ledger), request);
  for (const { claim } of matches) console.log(claim!.claimId, claim!.texts[0].text);
}

/** Each event once, over restarts of the server: after a break it goes on behind the last frame. */
async function follow(ledger: LedgerServiceClient, position: string, count = Infinity) {
  for (;;) {
    const frames = ledger.subscribe({ afterPosition: position });
    try {
      for await (const frame of frames as AsyncIterable<SubscribeResponse__Output>) {
        for (const event of frame.events?.events ?? []) {
          console.log(event.position, event.event);
          if (--count === 0) return frames.cancel();
        }
        position = frame.position;
      }
    } catch (error) {
      const { code } = error as grpc.ServiceError;
      if (code !== grpc.status.UNAVAILABLE && code !== grpc.status.UNKNOWN) throw error;
    }
    await sleep(500);
  }
}

const [server, verb, ...rest] = process.argv.slice(2);
const options = { "grpc.service_config": retry };
const ledger = new loaded.detente.v1.LedgerService(server, grpc.credentials.createInsecure(), options);
try {
  if (verb === "append") await append(ledger, rest[0]);
  else if (verb === "state") await state(ledger, rest[0]);
  else await follow(ledger, rest[0], rest[1] ? Number(rest[1]) : undefined);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  ledger.close();
}
