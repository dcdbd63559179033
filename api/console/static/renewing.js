"use strict";
// Makes a part of the page anew without touching what somebody is using: elements that are the same
// stay, with their focus, what was typed into them, and whether they are open. What was done and can
// still be undone, a form that is open in a row, and a row whose answer is on its way stay as well.

const KEPT = "[data-passes], form[data-act], .htmx-request";

const isKept = (node) =>
  node.nodeType === Node.ELEMENT_NODE && (node.matches(KEPT) || node.querySelector(KEPT) !== null);

const keyOf = (node) =>
  node.nodeType === Node.ELEMENT_NODE ? node.dataset.item || node.dataset.person || node.id : "";

const isSame = (one, other) =>
  one.nodeName === other.nodeName &&
  keyOf(one) === keyOf(other) &&
  !(one.nodeType === Node.ELEMENT_NODE && one.matches("[data-passes], form[data-act]"));

// Attributes that the page's own scripts set, and that the server does not know of.
const isOwn = (element, name) =>
  name.startsWith("data-htmx") || name.startsWith("data-own") || (name === "open" && element.matches("details"));

function renewClass(element, wanted) {
  const own = [...element.classList].filter((name) => name === "at" || name.startsWith("htmx-"));
  const said = [wanted ?? "", ...own].join(" ").trim();
  if (said !== element.className.trim()) element.setAttribute("class", said);
}

function renewAttributes(element, made) {
  for (const { name, value } of made.attributes)
    if (name !== "class" && !isOwn(element, name) && element.getAttribute(name) !== value)
      element.setAttribute(name, value);
  for (const { name } of [...element.attributes])
    if (name !== "class" && !isOwn(element, name) && !made.hasAttribute(name))
      element.removeAttribute(name);
  if (element.className || made.className) renewClass(element, made.getAttribute("class"));
}

const asks = (element) =>
  [...element.attributes]
    .filter(({ name }) => name.startsWith("hx-"))
    .map(({ name, value }) => `${name}=${value}`)
    .join("\n");

function put(parent, node, place) {
  parent.insertBefore(node, place);
  if (node.nodeType === Node.ELEMENT_NODE) htmx.process(node);
}

function renewChildren(parent, made) {
  const wanted = [...made.childNodes];
  const left = new Set(parent.childNodes);
  const keys = new Set(wanted.map(keyOf));
  for (const node of left)
    if (keyOf(node) && !keys.has(keyOf(node)) && !isKept(node)) {
      left.delete(node);
      node.remove();
    }
  let place = parent.firstChild;
  for (const one of wanted) {
    while (place?.nodeType === Node.ELEMENT_NODE && place.matches(KEPT) && !keys.has(keyOf(place)))
      place = place.nextSibling;
    const found = [...left].find((node) => isSame(node, one));
    if (found === undefined) {
      put(parent, one, place);
      continue;
    }
    left.delete(found);
    if (found === place) place = place.nextSibling;
    else parent.insertBefore(found, place);
    renew(found, one);
  }
  for (const node of left) if (!isKept(node)) node.remove();
}

function renew(node, made) {
  if (node.isEqualNode(made)) return;
  if (node.nodeType !== Node.ELEMENT_NODE) {
    node.nodeValue = made.nodeValue;
    return;
  }
  if (asks(node) !== asks(made) && !isKept(node)) {
    put(node.parentNode, made, node);
    node.remove();
    return;
  }
  renewAttributes(node, made);
  renewChildren(node, made);
}
