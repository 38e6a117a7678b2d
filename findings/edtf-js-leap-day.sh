#!/bin/sh
# Version: edtf 4.11.1 of npm
#
# edtf.js reads 29 February of a year without one as 1 March, and refuses 30 February. With an unspecified year it ends
# the leap days of a century on 28 February 2099; the last one is 29 February 2096.
#
#   2023-02-29   2023-03-01 2023-03-01
#   20XX-02-29   2000-02-29 2099-02-28
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund edtf@4.11.1
cat > read.mjs <<'JS'
import assert from "node:assert";
import edtf from "edtf";
const span = (text) => [edtf(text).min, edtf(text).max].map((at) => new Date(at).toISOString().slice(0, 10));
const says = (text, first, last) => {
  console.log(text, ...span(text));
  assert.deepStrictEqual(span(text), [first, last]);
};
says("2023-02-29", "2023-03-01", "2023-03-01");
says("20XX-02-29", "2000-02-29", "2099-02-28");
assert.throws(() => edtf("2024-02-30"));
JS
node read.mjs
