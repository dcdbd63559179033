"use strict";
// Keys, forms in rows, and what stands beside the page when something takes long or goes wrong.
// Every page works without this file.

const inField = (element) => element.closest("input, select, textarea, [contenteditable]");

// --- keys -------------------------------------------------------------------------------------

const items = () => [...document.querySelectorAll("[data-item]")];
const marked = () => document.querySelector("[data-item].at");

// Where the mark stands, so that it goes on to the next row when its own one goes.
let markedAt = -1;

function mark(element) {
  marked()?.classList.remove("at");
  element?.classList.add("at");
  if (element) markedAt = items().indexOf(element);
}

function move(by) {
  const all = items();
  if (!all.length) return;
  const at = all.indexOf(marked());
  mark(all[Math.min(all.length - 1, Math.max(0, at + by))]);
  marked().scrollIntoView({ block: "nearest" });
}

function keepMark() {
  const all = items();
  if (markedAt >= 0 && all.length && !marked()) mark(all[Math.min(markedAt, all.length - 1)]);
}

function press(key) {
  const within = marked()?.querySelector(`[data-key="${key}"]`);
  const found = within ?? document.querySelector(`:not([data-item] *)[data-key="${key}"]`);
  if (!found) return false;
  const isChoice = found.matches("details");
  (isChoice ? found.querySelector("summary") : found).click();
  if (isChoice && found.open) found.querySelector("form button")?.focus();
  return true;
}

function menuLink(ending) {
  return document.querySelector(`.top nav a[href$="${ending}"]`);
}

// On the page of a person an act is with that person.
const logLink = () => document.querySelector("[data-log]") ?? menuLink("/act");

function closeForms() {
  const form = document.querySelector("[data-item] form[data-act]");
  const row = form?.closest("[data-item]");
  form?.remove();
  row?.querySelector("[data-opens]")?.focus();
  for (const one of document.querySelectorAll("details.later[open]")) {
    if (one.contains(document.activeElement)) one.querySelector("summary").focus();
    one.open = false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return closeForms();
  if (event.key === "Enter" && event.target.matches("[data-search]")) {
    const first = document.querySelector("#people [data-item] a");
    if (first && document.getElementById("people").dataset.typed === event.target.value.trim()) {
      event.preventDefault();
      first.click();
    }
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
    return event.target.closest("form[data-act]")?.requestSubmit();
  if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return;
  let used = true;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "n" && logLink()) logLink().click();
  else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) search.focus();
    else menuLink("/people")?.click();
  } else used = press(event.key);
  if (used) event.preventDefault();
});

// --- forms in rows ----------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) return closeForms();
  const opens = event.target.closest("[data-opens]");
  if (opens) opens.closest("[data-item]")?.querySelector("form[data-act]")?.remove();
  for (const one of document.querySelectorAll("details.later[open]"))
    if (!one.contains(event.target)) one.open = false;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  const copy = event.target.closest("[data-copies]");
  if (copy) copyText(copy, copy.closest(".copied, :has(> code)").querySelector("code"));
});

// Where the browser lets no page write to the clipboard, the line is marked, for Control and C.
async function copyText(button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "Marked: press Control and C";
  }
}

// What goes after a while takes its person with it, and gives the focus to the row that follows.
function pass(row) {
  const had = row.contains(document.activeElement);
  row.remove();
  document.dispatchEvent(new Event("rapport:passed"));
  if (had) items()[Math.max(markedAt, 0)]?.querySelector("a, button")?.focus();
}

function arrived() {
  for (const row of document.querySelectorAll("[data-passes]:not([data-own-timed])")) {
    row.setAttribute("data-own-timed", "yes");
    setTimeout(() => pass(row), 1000 * Number(row.dataset.passes));
    if (document.activeElement === document.body) row.focus();
  }
  for (const form of document.querySelectorAll("[data-item] form[data-act]:not([data-own-met])")) {
    form.setAttribute("data-own-met", "yes");
    form.querySelector(":is(input, select, textarea):not([type=hidden])")?.focus();
  }
  const form = document.querySelector("#main > form[data-act]:not([data-own-met])");
  if (form && document.activeElement === document.body) {
    form.setAttribute("data-own-met", "yes");
    const fields = [...form.querySelectorAll(".field :is(input, select, textarea)")];
    const first = fields.find((one) => one.required && !one.value);
    (first ?? fields.find((one) => one.matches("input")) ?? form.querySelector("button")).focus();
  }
  keepMark();
}

document.addEventListener("htmx:after:swap", arrived);
document.addEventListener("DOMContentLoaded", arrived);

// --- a point in time: the slider and the date beside it say the same ----------------------------

const DAY = 86_400_000;

document.addEventListener("input", (event) => {
  const slider = event.target.closest(".slider");
  if (!slider) return;
  const range = slider.querySelector("[type=range]");
  const date = slider.querySelector("[type=date]");
  const first = Date.parse(date.min);
  if (event.target === range)
    date.value = new Date(first + DAY * Number(range.value)).toISOString().slice(0, 10);
  else if (date.value) range.value = (Date.parse(date.value) - first) / DAY;
}, true);

// --- what takes long, and what went wrong, beside the page that stays as it is --------------------

const WRONG = {
  401: "Your session has ended; what you typed is kept. Sign in again in another tab, and send it once more.",
  413: "That is more than the server takes.",
  429: "That was too often: wait a moment.",
};
const GONE = "The server cannot be reached. What you typed is kept; try again when it is back.";
const RENEWED = "Nothing was recorded: your session is a new one. Look it over, and send it once more.";

function trouble(text, leadsTo = "") {
  const place = document.getElementById("trouble");
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
  if (!leadsTo) return;
  const link = document.createElement("a");
  Object.assign(link, { href: leadsTo, target: "_blank", rel: "noopener", textContent: "Sign in" });
  place.append(" ", link);
}

const sessionEnded = () => trouble(WRONG[401], "/console/sign-in");

// The forms of this page were made for the session before: give them the token of the new one.
async function renewForms() {
  const old = document.querySelector("main input[name=token]");
  const answer = await fetch(location.href).catch(() => null);
  if (answer === null) return trouble(GONE);
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = made.querySelector("main input[name=token]")?.value;
  if (answer.url.includes("/console/sign-in")) return sessionEnded();
  if (!token || token === old?.value) return trouble("Your access key does not allow that.");
  for (const one of document.querySelectorAll("input[name=token]")) one.value = token;
  trouble(RENEWED);
}

document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail?.ctx?.response?.raw?.status;
  if (status === 422 || status === 409 || status === 412) return;
  if (status === 401) sessionEnded();
  else if (status === 403) renewForms();
  else trouble(WRONG[status] ?? `That did not work (${status}). What you typed is kept; try again.`);
});
document.addEventListener("htmx:error", () => trouble(GONE));

const PATIENCE = 700;
let awaited = 0;
let patience = null;

function sayBusy(isBusy) {
  clearTimeout(patience);
  const place = document.getElementById("busy");
  if (!place) return;
  if (!isBusy) place.hidden = true;
  else patience = setTimeout(() => (place.hidden = false), PATIENCE);
}

document.addEventListener("htmx:before:request", () => {
  trouble("");
  awaited += 1;
  if (awaited === 1) sayBusy(true);
});
document.addEventListener("htmx:finally:request", () => {
  awaited = Math.max(0, awaited - 1);
  if (awaited === 0) sayBusy(false);
});
window.addEventListener("beforeunload", () => sayBusy(true));
window.addEventListener("pageshow", () => sayBusy(false));
