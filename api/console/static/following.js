"use strict";
// The ledger moves: the stream of the page says so, and what the page shows is made anew.

let stream = null;
let shown = null;
let waiting = null;

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

// Whether a part that shows the present is as of less than what is recorded.
const isBehind = () =>
  document.querySelector("[data-refresh][data-now]") !== null &&
  Number(document.getElementById("fresh")?.dataset.position) < shown;

const later = (milliseconds) => (waiting ??= setTimeout(refresh, milliseconds));

async function refresh() {
  const asked = shown;
  try {
    for (const part of document.querySelectorAll("[data-refresh]")) await refreshPart(part, asked);
    isLost = false;
  } catch {
    isLost = true;
  }
  waiting = null;
  if (shown !== asked) later(100);
  else if (isLost || isBehind()) later(1000);
  sayHowFresh();
}

async function refreshPart(part, asked) {
  const answer = await fetch(part.dataset.refresh, {
    headers: { "HX-Request": "true", "Rapport-Refresh": "1" },
  });
  if (answer.headers.get("HX-Redirect")) return sessionEnded();
  if (!answer.ok) return;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  const again = made.getElementById(part.id);
  if (!again || !part.isConnected) return;
  const focused = document.activeElement;
  const row = items().indexOf(focused.closest("[data-item]"));
  renew(part, again);
  const foot = made.getElementById("foot");
  foot?.removeAttribute("hx-swap-oob");
  if (foot) renew(document.getElementById("foot"), foot);
  keepMark();
  if (!focused.isConnected) items()[Math.max(row, 0)]?.querySelector("a, button")?.focus();
  const fresh = document.getElementById("fresh");
  if (!foot && fresh && asked !== null) fresh.dataset.position = asked;
  madeAt = performance.now();
}

function follow() {
  const path = document.body.dataset.live;
  if (!path || document.hidden || stream) return;
  stream = new EventSource(path);
  stream.addEventListener("moved", (event) => {
    const position = Number(event.data);
    if (shown !== null && shown !== position) later(100);
    shown = position;
    isLost = false;
    if (isBehind()) later(1000);
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
document.addEventListener("rapport:passed", () => {
  if (shown !== null) later(100);
});
document.addEventListener("DOMContentLoaded", () => {
  follow();
  sayHowFresh();
  document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
});
