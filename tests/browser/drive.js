// Drives the page in Chromium: what a reader does, with the mouse, the keyboard and the eyes of axe-core.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const http = require("node:http");
const { spawn } = require("node:child_process");
const puppeteer = require("puppeteer-core");

const [, , address, chromium, program, scratch, pictures] = process.argv;
const base = `http://${address}`;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const FOUNDING = "/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-08-02T00:00:00Z&kind=agreement&mode=holds-at";
const VIEWS = ["/", FOUNDING, "/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-08-20", "/claim/019862ed-ac00-7000-8000-000000000302",
  "/claim/019862ed-ac00-7000-8000-000000001601", "/party/AZE", "/conflicts", "/upcoming?from=2024-12&until=2026",
  "/gaps?relationship=AZE-RUS", "/series?relationship=AZE-RUS", "/diff?relationship=AZE-RUS&from_known_at=2025-08-02", "/feed",
  "/what-if?relationship=AZE-RUS&valid_at=2025-07&text=A+pact", "/relationship/AZE-RUS?valid_at=soon"];

let browser;
const wrong = [];

async function open(view, { width = 1200, height = 850, script = true } = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width, height });
  await page.setJavaScriptEnabled(script);
  page.on("console", (message) => {
    const expected = /status of 400/.test(message.text()) && view.includes("soon");
    if (["error", "warn"].includes(message.type()) && !expected) wrong.push(`${view}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`${view}: ${error}`));
  page.on("request", (request) => { if (!request.url().startsWith(`${base}/`)) wrong.push(`${view}: asks ${request.url()}`); });
  await page.goto(base + view, { waitUntil: "load" });
  return page;
}

// Records a party.
async function register(partyId, name, at = base) {
  const command = { registerParty: { party: { partyId, type: "PARTY_TYPE_STATE", names: [{ lang: "en", name }] } } };
  const body = JSON.stringify({ recordedBy: "a browser test", commands: [command] });
  const reply = await fetch(`${at}/detente.v1.LedgerService/Append`, { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal(reply.status, 200);
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent.replace(/\s+/g, " ").trim());

const stories = {
  async "the founding question is one click away"() {
    const page = await open("/");
    await Promise.all([page.waitForNavigation(), page.click(".founding a")]);
    assert.match(await text(page, ".answer h2"), /^Recorded absence.*definite/);
    assert.equal((await page.$$("ol.state li")).length, 4);
    return page;
  },

  async "a slider moves the date, the address follows, and back goes back"() {
    const page = await open("/relationship/AZE-RUS?valid_at=2025-09-20&known_at=2025-09-01T00:00:00Z&kind=agreement&mode=holds-at");
    assert.match(await text(page, ".answer h2"), /nothing for this date/);
    await page.focus("input[data-sets=field-known_at]");
    for (let day = 0; day < 15; day++) {
      const asked = page.waitForResponse((reply) => reply.url().includes("known_at"));
      await page.keyboard.press("ArrowRight");
      await asked;
      await page.waitForFunction(() => document.activeElement.dataset.sets === "field-known_at");
    }
    await page.waitForFunction(() => document.querySelector("ol.state")?.textContent.includes("SYNTHETIC: Moscow and Baku"));
    assert.match(page.url(), /known_at=2025-09-16/);
    await page.goBack();
    await page.waitForFunction(() => document.querySelector("#field-known_at").value.startsWith("2025-09-15T"));
    return page;
  },

  async "a claim in the chart is reached and opened with the keyboard"() {
    const page = await open("/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-08-20");
    await page.$eval("svg a.row", (row) => row.focus());
    const id = await page.evaluate(() => document.activeElement.dataset.claim);
    assert.ok(await page.$(`tr.lit[data-claim="${id}"]`), "its row in the table is lit");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.ok(page.url().includes(`/claim/${id}`));
    return page;
  },

  async "the first tab stop leads past the navigation"() {
    const page = await open("/");
    // Keys go to the page in front; another story may have left one there.
    await page.bringToFront();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash === "#main", { polling: 50 });
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement.closest("main") !== null), "the next stop is in the main part");
    return page;
  },

  async "what is being recorded appears in the feed"() {
    const page = await open("/feed");
    await page.waitForSelector("[data-live]:not([hidden])");
    await register("LIVE", "Live");
    await page.waitForFunction(() => document.querySelector("ul.feed > li.new")?.textContent.includes("LIVE"), { timeout: 10000 });
    return page;
  },

  async "a tab that is hidden closes its stream, and goes on from there when it is shown"() {
    const page = await open("/feed");
    await page.waitForSelector("[data-live]:not([hidden])");
    const other = await open("/");
    await other.bringToFront();
    await page.waitForFunction(() => document.querySelector("[data-live]").hidden, { polling: 50 });
    await register("AWAY", "While away");
    await page.bringToFront();
    await page.waitForFunction(() => document.querySelector("ul.feed > li.new")?.textContent.includes("AWAY"), { timeout: 10000, polling: 50 });
    await other.close();
    return page;
  },

  async "a seventh page answers, whatever six others hold open"() {
    for (const type of ["tab", "window"]) {
      const pages = [];
      for (let nth = 0; nth < 7; nth++) {
        const page = await browser.newPage({ type });
        pages.push(page);
        await page.goto(`${base}/feed`, { waitUntil: "domcontentloaded", timeout: 10000 });
      }
      const asked = await pages[6].evaluate(() => fetch("/readyz", { signal: AbortSignal.timeout(5000) }).then((reply) => reply.status));
      assert.equal(asked, 200, type);
      for (const page of pages) await page.close();
    }
    return null;
  },

  async "a seventh window answers and is told what is new on an origin that is not secure, too"() {
    const other = await serve('allowed_hosts = ["ledger.example"]');
    const origin = other.base.replace("127.0.0.1", "ledger.example");
    const pages = [];
    for (let nth = 0; nth < 7; nth++) {
      const page = await browser.newPage({ type: "window" });
      pages.push(page);
      await page.goto(`${origin}/feed`, { waitUntil: "domcontentloaded", timeout: 10000 });
    }
    assert.equal(await pages[6].evaluate(() => isSecureContext), false);
    await pages[6].waitForSelector("[data-live]:not([hidden])", { timeout: 10000 });
    await register("INSECURE", "Told all the same", other.base);
    await pages[6].waitForFunction(() => document.querySelector("ul.feed > li.new")?.textContent.includes("INSECURE"), { timeout: 15000, polling: 50 });
    for (const page of pages) await page.close();
    other.process.kill();
    return null;
  },

  async "a slider goes on before the year 1, and beyond 9999"() {
    for (const [from, to] of [["-0490-09-12", "-0490-09-13"], ["0000-12-31", "0001-01-01"], ["9999-12-31", "Y10000-01-01"], ["-9999-01-01", "-9999-01-02"]]) {
      const page = await open(`/relationship/AZE-RUS?valid_at=${from}`);
      await page.bringToFront();
      await page.focus("input[data-sets=field-valid_at]");
      const asked = page.waitForResponse((reply) => reply.url().includes(`valid_at=${to}`));
      await page.keyboard.press("ArrowRight");
      assert.equal((await asked).status(), 200, to);
      await page.waitForFunction((day) => document.querySelector("#field-valid_at").value === day, { polling: 50 }, to);
      await page.close();
    }
    return null;
  },

  async "a what-if is answered and marked as supposed"() {
    const page = await open("/what-if?relationship=AZE-RUS&valid_at=2025-07-15&kind=agreement&mode=holds-at");
    await page.type("#field-text", "A supposed pact");
    await Promise.all([page.waitForNavigation().catch(() => null), page.waitForSelector(".supposed"), page.click("form.coordinates button")]);
    assert.match(await text(page, ".supposed"), /enters.*A supposed pact/);
    return page;
  },

  async "everything works without a script"() {
    const page = await open(FOUNDING, { script: false });
    assert.equal((await page.$$("ol.state li")).length, 4);
    await Promise.all([page.waitForNavigation(), page.click("form.coordinates button")]);
    assert.match(await text(page, ".answer h2"), /^Recorded absence/);
    return page;
  },

  async "Arabic runs from right to left, and nothing overflows on a phone"() {
    for (const view of VIEWS) {
      const page = await open(view + (view.includes("?") ? "&" : "?") + "lang=ar", { width: 390, height: 844 });
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).direction), "rtl");
      const spill = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(spill <= 0, `${view} is ${spill} px too wide`);
      await page.close();
    }
    return null;
  },

  async "on a phone the timeline opens at the asked date, with the words of its rows in sight"() {
    for (const lang of ["en", "ar"]) {
      const page = await open(`${FOUNDING}&lang=${lang}`, { width: 390, height: 844 });
      const inSight = () => page.evaluate(() => {
        const frame = document.querySelector("[aria-labelledby=timeline] .scroll");
        const { left, right } = frame.getBoundingClientRect();
        const shows = (box, edge) => box[edge] >= left - 1 && box[edge] <= right + 1;
        const band = frame.querySelector("rect.asked").getBoundingClientRect();
        const labels = [...frame.querySelectorAll("text.label")].map((label) => label.getBoundingClientRect());
        const edge = document.documentElement.lang === "ar" ? "right" : "left";
        return { moved: frame.scrollLeft !== 0, band: shows(band, "left") && shows(band, "right"), labels: labels.every((box) => shows(box, edge)) };
      });
      await page.waitForFunction(() => document.querySelector("svg.chart").style.getPropertyValue("--slid") !== "");
      assert.deepEqual(await inSight(), { moved: true, band: true, labels: true }, lang);
      await page.close();
    }
    return null;
  },

  async "axe-core finds no violation in any view: light, dark, on a phone, from right to left"() {
    const phone = { width: 390, height: 844 };
    const ways = [["light", "", {}], ["dark", "", phone], ["dark", "ar", {}]];
    for (const view of VIEWS) {
      for (const [scheme, lang, size] of ways) {
        const page = await open(lang ? `${view}${view.includes("?") ? "&" : "?"}lang=${lang}` : view, size);
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => axe.run());
        assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), [], `${view} ${scheme} ${lang} ${JSON.stringify(size)}`);
        await page.close();
      }
    }
    return null;
  },

  async "connect-web asks over gRPC-Web and Connect from the page that is served"() {
    const page = await open("/");
    await page.evaluate(bundle);
    for (const kind of KINDS) {
      const answer = await page.evaluate((...all) => window.unary(...all), kind, base, descriptors);
      assert.deepEqual(answer, { ...ANSWERED, name: "متصفّح" }, kind);
    }
    wrong.splice(0, wrong.length, ...wrong.filter((one) => !/status of 400/.test(one)));
    for (const kind of KINDS) {
      const { read, live } = await page.evaluate((...all) => window.streams(...all), kind, base, descriptors);
      assert.ok(read >= 124 && live === 1, `${kind}: ${read} events read, ${live} live`);
    }
    return page;
  },

  async "a page from elsewhere may ask only if the server names its origin"() {
    const elsewhere = http.createServer((_, reply) => reply.setHeader("content-type", "text/html").end("<!doctype html><title>Elsewhere</title>"));
    await new Promise((ready) => elsewhere.listen(0, "127.0.0.1", ready));
    const origin = `http://127.0.0.1:${elsewhere.address().port}`;
    const other = await serve(`allowed_origins = [${JSON.stringify(origin)}]`);
    const page = await browser.newPage();
    await page.goto(origin);
    await page.evaluate(bundle);
    for (const kind of KINDS) {
      const refused = await page.evaluate((...all) => window.unary(...all).then(() => "answered", () => "refused"), kind, base, descriptors);
      assert.equal(refused, "refused", `${kind} without a permission`);
      const answer = await page.evaluate((...all) => window.unary(...all), kind, other.base, descriptors);
      assert.deepEqual(answer, { ...ANSWERED, name: "متصفّح" }, kind);
      const { live } = await page.evaluate((...all) => window.streams(...all), kind, other.base, descriptors);
      assert.equal(live, 1, `${kind} follows`);
    }
    other.process.kill("SIGTERM");
    elsewhere.close();
    await page.close();
    return null;
  },
};

// The ways in which the clients in the browser ask, and what they are answered.
const KINDS = ["grpcWeb", "connectJson", "connectBinary"];
const ANSWERED = { matches: 4, basis: "113-81f50060d4142a7c", code: "InvalidArgument", details: 2 };
const bundle = fs.readFileSync(path.join(scratch, "connect.js"), "utf8");
const descriptors = fs.readFileSync(path.join(scratch, "descriptors.binpb")).toString("base64");

// Another server, with a configuration.
function serve(config) {
  const folder = fs.mkdtempSync(path.join(scratch, "served-"));
  const file = path.join(folder, "detente.toml");
  fs.writeFileSync(file, config);
  const served = spawn(program, ["serve", "--demo", "--data", path.join(folder, "ledger"), "--listen", "127.0.0.1:0", "--config", file]);
  return new Promise((resolve, reject) => {
    served.stderr.on("data", (said) => {
      const found = /^serving .* on (http:[^,]*),/m.exec(said);
      if (found) resolve({ base: found[1], process: served });
    });
    served.on("exit", () => reject(new Error("the server ended")));
  });
}

// The pictures of README.md and docs/HTTP.md, where a folder for them is named.
async function shoot() {
  const shots = [["page-answer", FOUNDING, 1100, "light", null], ["page-timeline", "/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-08-20", 1100, "light", "#timeline"],
    ["page-arabic", FOUNDING + "&lang=ar", 1100, "dark", "#timeline"], ["page-phone", FOUNDING, 390, "light", null]];
  for (const [name, view, width, scheme, part] of shots) {
    const page = await open(view, { width, height: width < 500 ? 780 : 620 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    if (part) await page.$eval(part, (element) => element.scrollIntoView());
    await page.screenshot({ path: path.join(pictures, `${name}.png`), optimizeForSpeed: false });
    await page.close();
  }
}

async function main() {
  browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP ledger.example 127.0.0.1"] });
  let failed = 0;
  for (const [name, story] of Object.entries(stories)) {
    wrong.length = 0;
    try {
      const page = await story();
      assert.deepEqual(wrong, []);
      await page?.close();
      console.log(`  ok: ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`  FAILED: ${name}\n${error.stack}`);
    }
  }
  if (pictures) await shoot();
  await browser.close();
  process.exit(failed === 0 ? 0 : 1);
}

main();
