// The questions of a page with connect-web: over gRPC-Web, and over the Connect protocol as JSON, and in binary by GET. Bundled, and run in
// the browser.
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

const FOUNDING = {
  filter: { items: [{ relationships: ["AZE-RUS"], kinds: ["agreement"] }] },
  validAt: "2025-07",
  cut: { at: { case: "knownAt", value: { seconds: BigInt(Date.UTC(2025, 7, 2) / 1000), nanos: 0 } } },
};

const TRANSPORTS = {
  grpcWeb: (baseUrl) => createGrpcWebTransport({ baseUrl }),
  connectJson: (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: false }),
  connectBinary: (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true, useHttpGet: true }),
};

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function client(kind, baseUrl, descriptors) {
  const service = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes(descriptors))).getService("detente.v1.LedgerService");
  FOUNDING.mode = service.method.getState.input.field.mode.enum.values.find(({ name }) => name === "STATE_MODE_HOLDS_AT").number;
  return createClient(service, TRANSPORTS[kind](baseUrl));
}

// The founding question, a refusal with its details, and a claim that is recorded.
window.unary = async (kind, baseUrl, descriptors) => {
  const ledger = client(kind, baseUrl, descriptors);
  const state = await ledger.getState(FOUNDING);
  const refusal = await ledger.getState({ validAt: "July 2025" }).then(() => null, (error) => ConnectError.from(error));
  const party = { partyId: `WEB_${kind.toUpperCase()}`, type: 1, names: [{ lang: "ar", name: "متصفّح" }] };
  const appended = await ledger.append({ recordedBy: "a browser", commands: [{ command: { case: "registerParty", value: { party } } }] });
  const listed = await ledger.listParties({ partyIds: [party.partyId], cut: { at: { case: "basis", value: appended.context.basis } } });
  return {
    matches: state.matches.length,
    basis: state.context.basis,
    code: Code[refusal.code],
    details: refusal.details.length,
    name: listed.parties[0].names[0].name,
  };
};

// The whole log as a stream, then what is recorded while it is followed.
window.streams = async (kind, baseUrl, descriptors) => {
  const ledger = client(kind, baseUrl, descriptors);
  let read = 0;
  for await (const reply of ledger.readEvents({})) read += reply.events.length;
  const ended = new AbortController();
  let live = 0;
  try {
    for await (const { frame } of ledger.subscribe({ start: { case: "fromHead", value: {} } }, { signal: ended.signal })) {
      if (frame.case === "caughtUp") {
        const party = { partyId: `WEB_LIVE_${kind.toUpperCase()}`, type: 1, names: [{ lang: "en", name: "Live" }] };
        await ledger.append({ recordedBy: "a browser", commands: [{ command: { case: "registerParty", value: { party } } }] });
      }
      if (frame.case === "events") {
        live = frame.value.events.length;
        ended.abort();
      }
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  return { read, live };
};
