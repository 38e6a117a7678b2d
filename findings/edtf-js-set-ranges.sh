#!/bin/sh
# Version: edtf 4.11.1 of npm
#
# edtf.js takes a range at the end of a one-of set for its first date alone: the last day that the set can mean is that
# of the range's beginning. ISO 8601-2:2019 has `..` for all dates between two. Ranges within a set are common for "some day
# between two".
#
#   [2024-12-25..2025-01-07]   2024-12-25 2024-12-25   (to 2025-01-07)
#   [1667,1668,1670..1672]     1667-01-01 1670-12-31   (to 1672-12-31)
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
says("[2024-12-25..2025-01-07]", "2024-12-25", "2024-12-25");
says("[1667,1668,1670..1672]", "1667-01-01", "1670-12-31");
JS
node read.mjs
