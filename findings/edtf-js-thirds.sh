#!/bin/sh
# Version: edtf 4.11.1 of npm
#
# edtf.js gives the first third of a year (code 37) five months, January to May, and the last one (39) four. A third
# ("quadrimester", ISO 8601-2:2019, 4.8) is four months, so the first one ends in April.
#
#   2001-37   2001-01-01 2001-05-31
#   2001-39   2001-09-01 2001-12-31
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
says("2001-37", "2001-01-01", "2001-05-31");
says("2001-39", "2001-09-01", "2001-12-31");
JS
node read.mjs
