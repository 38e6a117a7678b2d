// What the page can do more of with a script: sliders, rows that light up together, the feed as it is recorded.
"use strict";

// A day, counted from 1970-01-01, as EDTF: `2025-07-15`, `-0490-09-12`, `Y12345-01-02`. A Date ends in the year 275760, and
// its toISOString writes years before 0 and after 9999 in another way.
function edtf(day) {
  const shifted = day + 719468;
  const era = Math.floor(shifted / 146097);
  const ofEra = shifted - era * 146097;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36524) - Math.floor(ofEra / 146096)) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (number) => String(number).padStart(2, "0");
  const four = (number) => (number < 0 ? "-" : "") + String(Math.abs(number)).padStart(4, "0");
  return `${Math.abs(year) > 9999 ? `Y${year}` : four(year)}-${two(month)}-${two(ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1)}`;
}

// The view that is shown. A place within it is no other view.
const view = () => location.pathname + location.search;
let shown = view();

// Fetches a view and puts it in the place of this one.
async function show(address, push) {
  const reply = await fetch(address, { headers: { accept: "text/html" } });
  const next = new DOMParser().parseFromString(await reply.text(), "text/html");
  const focus = document.activeElement && document.activeElement.dataset.sets;
  document.querySelector("main").replaceWith(document.adoptNode(next.querySelector("main")));
  document.title = next.title;
  if (push) history.pushState(null, "", address);
  shown = view();
  wake();
  if (focus) document.querySelector(`[data-sets="${focus}"]`)?.focus();
}

// A slider moves the date in its field, and the view follows when it is let go.
function sliders() {
  for (const slider of document.querySelectorAll("input[data-sets]")) {
    const field = document.getElementById(slider.dataset.sets);
    const form = slider.form;
    slider.hidden = false;
    slider.addEventListener("input", () => {
      const day = edtf(Number(slider.value));
      field.value = field.name === "known_at" ? `${day}T00:00:00Z` : day;
      slider.setAttribute("aria-valuetext", day);
    });
    slider.setAttribute("aria-valuetext", edtf(Number(slider.value)));
    slider.addEventListener("change", () => ask(form));
  }
  for (const form of document.querySelectorAll("form[data-coordinates]")) {
    form.addEventListener("submit", (event) => { event.preventDefault(); ask(form); });
  }
}

function ask(form) {
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...query]) if (value === "") query.delete(name);
  show(`${form.getAttribute("action")}?${query}`, true);
}

// A claim in the chart and its row in the table are lit together.
function light() {
  for (const drawn of document.querySelectorAll("a[data-claim]")) {
    const row = document.querySelector(`tr[data-claim="${CSS.escape(drawn.dataset.claim)}"]`);
    const lit = (on) => () => row?.classList.toggle("lit", on);
    for (const event of ["mouseenter", "focus"]) drawn.addEventListener(event, lit(true));
    for (const event of ["mouseleave", "blur"]) drawn.addEventListener(event, lit(false));
  }
}

// A chart that is wider than the screen opens at the asked date, and the words of its rows stay in sight.
function reveal() {
  for (const frame of document.querySelectorAll(".scroll")) {
    const chart = frame.querySelector("svg.chart");
    const band = chart?.querySelector("rect.asked");
    if (!band) continue;
    const keep = () => chart.style.setProperty("--slid", `${frame.scrollLeft * chart.viewBox.baseVal.width / chart.clientWidth}px`);
    frame.addEventListener("scroll", keep, { passive: true });
    const [at, seen] = [band.getBoundingClientRect(), frame.getBoundingClientRect()];
    if (frame.scrollWidth > frame.clientWidth) frame.scrollBy({ left: at.left + at.width / 2 - seen.left - seen.width / 2, behavior: "instant" });
  }
}

// The feed: when something is recorded, the newest are fetched as this server renders them. Over HTTP/1.1 a browser opens six
// connections to a host, for all of its tabs together. So a tab that is hidden closes its stream and opens it again, from where it
// was, when it is shown; and of those that are shown side by side so many follow at once.
const FOLLOWERS = 4;
const ASK_EVERY_MS = 5000;
let following = null;

function unfollow() {
  following?.abort();
  following = null;
}

function follow() {
  unfollow();
  const list = document.querySelector("[data-feed]");
  if (!list || document.hidden || !("EventSource" in window)) return;
  const { signal } = following = new AbortController();
  // Only pages of a secure origin have locks. Others cannot take turns, so they ask and hold nothing open.
  if (navigator.locks) share(list, signal);
  else askAgain(list, signal);
}

// Follows once there is a place among the tabs that do, and gives it back at the end.
async function share(list, signal) {
  const stay = () => new Promise((leave) => {
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave);
    stream(list, signal);
  });
  for (let place = 0; place < FOLLOWERS && !signal.aborted; place += 1) {
    await navigator.locks.request(`feed ${place}`, { ifAvailable: true }, (lock) => lock && stay());
  }
  const place = Math.floor(Math.random() * FOLLOWERS);
  if (!signal.aborted) await navigator.locks.request(`feed ${place}`, { signal }, stay).catch(() => {});
}

function live(is) {
  const state = document.querySelector("[data-live]");
  if (state) state.hidden = !is;
}

// Puts what is new in the feed on top of it.
async function refresh(list) {
  const reply = await fetch(location.href);
  const next = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("[data-feed]");
  const seen = new Set([...list.children].map((entry) => entry.dataset.position));
  const fresh = [...next.children].filter((entry) => !seen.has(entry.dataset.position));
  for (const entry of fresh) entry.classList.add("new");
  list.prepend(...fresh);
}

function askAgain(list, signal) {
  const ask = () => refresh(list).then(() => live(!signal.aborted), () => live(false));
  const timer = setInterval(ask, ASK_EVERY_MS);
  signal.addEventListener("abort", () => { clearInterval(timer); live(false); });
  ask();
}

function stream(list, signal) {
  const source = new EventSource(`/api/v1/feed?after_position=${list.dataset.feed}`);
  signal.addEventListener("abort", () => { source.close(); live(false); });
  source.addEventListener("caught_up", () => live(true));
  source.addEventListener("confirmed", () => live(true));
  source.addEventListener("error", () => live(false));
  source.addEventListener("events", async (event) => {
    await refresh(list);
    list.dataset.feed = event.lastEventId;
  });
}

function wake() {
  sliders();
  light();
  reveal();
  follow();
}

// Also following a link to a place in this view is told so; then its main part, and the focus in it, must stay.
addEventListener("popstate", () => { if (view() !== shown) show(location.href, false); });
document.addEventListener("visibilitychange", () => { if (document.hidden) unfollow(); else follow(); });
addEventListener("pagehide", unfollow);
addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
wake();
