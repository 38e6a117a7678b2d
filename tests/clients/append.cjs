// The request that every client in JavaScript sends.
"use strict";

const { randomUUID } = require("node:crypto");

// Makes the append of the story: two parties, and a claim about them. A mark keeps them apart from those of other runs.
exports.appendRequest = (story, client) => {
  const mark = randomUUID().replaceAll("-", "").slice(0, 12);
  const parties = ["A", "B"].map((side) => `${client}_${mark}_${side}`);
  const claim = {
    ...story.claim,
    parties: parties.map((partyId) => ({ partyId, role: "party" })),
    relationships: [parties.join("-")],
    attribution: [{ partyId: parties[0], role: "ATTRIBUTION_ROLE_SPEAKER" }],
  };
  const registered = parties.map((partyId) => ({
    registerParty: { party: { partyId, type: "PARTY_TYPE_ORGANISATION", names: [{ lang: "en", name: partyId }] } },
  }));
  const commands = [...registered, { assertClaim: { claim } }];
  return { claim, request: { requestId: randomUUID(), recordedBy: `smoke test of ${client}`, commands } };
};
