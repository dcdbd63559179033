"use strict";
// Keys, the stream that says when the ledger has moved, and what goes after a while. Every page
// works without this file.

const inField = (element) => element.closest("input, select, textarea, [contenteditable]");

// --- keys -------------------------------------------------------------------------------------

const items = () => [...document.querySelectorAll("[data-item]")];
const marked = () => document.querySelector("[data-item].at");

function mark(element) {
  marked()?.classList.remove("at");
  element?.classList.add("at");
  element?.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = items();
  if (!all.length) return;
  const at = all.indexOf(marked());
  mark(all[Math.min(all.length - 1, Math.max(0, at + by))]);
}

function press(key) {
  const within = marked()?.querySelector(`[data-key="${key}"]`);
  const found = within ?? document.querySelector(`:not([data-item] *)[data-key="${key}"]`);
  if (!found) return false;
  const clicked = found.matches("details") ? found.querySelector("summary") : found;
  clicked.click();
  return true;
}

function menuLink(ending) {
  return document.querySelector(`.top nav a[href$="${ending}"]`);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.querySelector("[data-item] form[data-act]")?.remove();
    for (const one of document.querySelectorAll("details.later[open]")) one.open = false;
    return;
  }
  if (event.key === "Enter" && event.target.matches("[data-search]")) {
    const first = document.querySelector("#people [data-item] a");
    if (first && document.getElementById("people").dataset.typed === event.target.value.trim()) {
      event.preventDefault();
      first.click();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return;
  let used = true;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "n" && menuLink("/act")) menuLink("/act").click();
  else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) search.focus();
    else menuLink("/people")?.click();
  } else used = press(event.key);
  if (used) event.preventDefault();
});

// --- forms in rows ----------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("form")?.remove();
  const opens = event.target.closest("[data-opens]");
  if (opens) opens.closest("[data-item]")?.querySelector("form[data-act]")?.remove();
  for (const one of document.querySelectorAll("details.later[open]"))
    if (!one.contains(event.target)) one.open = false;
});

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy && navigator.clipboard) {
    navigator.clipboard.writeText(copy.dataset.copy);
    copy.textContent = "Copied";
  }
});

function arrived(root) {
  for (const one of root.querySelectorAll?.("[data-passes]") ?? []) {
    if (one.dataset.timed) continue;
    one.dataset.timed = "yes";
    setTimeout(() => one.remove(), 1000 * Number(one.dataset.passes));
  }
  root.querySelector?.("[data-item] form[data-act] :is(input, select, textarea):not([type=hidden])")?.focus();
}

document.addEventListener("htmx:after:swap", () => arrived(document));
document.addEventListener("DOMContentLoaded", () => arrived(document));

// --- what went wrong, beside the page that stays as it is ---------------------------------------

const WRONG = {
  401: "Your session has ended: sign in again in another tab; what you typed is kept.",
  403: "Nothing was recorded: your session has ended, or the server was restarted. Load the page again.",
  429: "That was too often: wait a moment.",
};

function trouble(text) {
  const place = document.getElementById("trouble");
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
}

document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail?.ctx?.response?.raw?.status;
  if (status === 422 || status === 409 || status === 412) return;
  trouble(WRONG[status] ?? `That did not work (${status}). What you typed is kept; try again.`);
});
document.addEventListener("htmx:error", () =>
  trouble("The server cannot be reached. What you typed is kept; try again when it is back."));
document.addEventListener("htmx:before:request", () => trouble(""));

// --- the ledger moves -------------------------------------------------------------------------

let stream = null;
let shown = null;
let waiting = null;

const isBusy = () =>
  document.querySelector("form[data-act], details.later[open], [data-passes]") !== null ||
  (inField(document.activeElement) && document.activeElement.closest("[data-refresh]"));

// What the page shows is as of the position that it was made at, until a part of it is made again.
let madeAt = performance.now();
let isLost = false;

function ago() {
  const seconds = Math.floor((performance.now() - madeAt) / 1000);
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

function sayHowFresh() {
  const fresh = document.getElementById("fresh");
  if (!fresh) return;
  const at = Number(fresh.dataset.position);
  const said = `As of position ${at.toLocaleString("en")}`;
  if (isLost) fresh.textContent = `${said}, ${ago()}; the server cannot be reached`;
  else if (shown > at && !document.querySelector("[data-refresh]"))
    fresh.textContent = `${said}; the ledger is at ${shown.toLocaleString("en")} now: load the page again`;
  else fresh.textContent = `${said}, ${ago()}${shown === at ? "; nothing is newer" : ""}`;
}

setInterval(sayHowFresh, 1000);

async function refresh() {
  waiting = null;
  if (isBusy()) {
    waiting = setTimeout(refresh, 1000);
    return;
  }
  const asked = shown;
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const answer = await fetch(part.dataset.refresh, {
      headers: { "HX-Request": "true", "Rapport-Refresh": "1" },
    });
    if (answer.headers.get("HX-Redirect")) return trouble(WRONG[401]);
    if (!answer.ok || isBusy()) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const again = made.getElementById(part.id);
    if (!again) continue;
    const at = items().indexOf(marked());
    part.replaceWith(again);
    htmx.process(again);
    if (at >= 0) mark(items()[Math.min(at, items().length - 1)]);
    const fresh = document.getElementById("fresh");
    if (fresh) fresh.dataset.position = asked;
    madeAt = performance.now();
  }
  sayHowFresh();
}

function follow() {
  const path = document.body.dataset.live;
  if (!path || document.hidden || stream) return;
  stream = new EventSource(path);
  stream.addEventListener("moved", (event) => {
    const position = Number(event.data);
    if (shown !== null && shown !== position && waiting === null) waiting = setTimeout(refresh, 100);
    shown = position;
    isLost = false;
    sayHowFresh();
  });
  stream.addEventListener("error", () => {
    isLost = true;
    sayHowFresh();
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else follow();
});
document.addEventListener("DOMContentLoaded", () => {
  follow();
  sayHowFresh();
  document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
});
