// Keys for those who work without a mouse; off inside of fields, so that typing is only typing.
import { closePane } from "./pane.js";

const GO_WITHIN = 1500; // milliseconds between g and its letter

let goUntil = 0;

const typing = (element) => element.closest?.("input:not([type=checkbox][name=task]), textarea, select, [contenteditable]");
const links = () => [...document.querySelectorAll(".row > a, .row-more > a")];
const openLink = () => document.querySelector(".row.is-open > a");

/** Step through the lines; from elsewhere begin at the open one. */
function move(step) {
  const all = links();
  if (!all.length) return;
  const focused = document.activeElement.closest?.(".row, .row-more")?.querySelector(":scope > a");
  const from = focused ?? openLink();
  const at = from ? all.indexOf(from) + step : 0;
  all[Math.min(all.length - 1, Math.max(0, at))].focus();
}

/** Tell whether a field still wants something: it is empty, does not fit, or was refused as it is. */
const wants = (field) => !field.matches("button") && !field.disabled && (!field.validity.valid || field.ariaInvalid === "true");

/** Go to the first field that must still be filled in, or to the button that completes. */
function toForm() {
  const button = document.querySelector("[data-task-form] [data-primary], [data-gone] [data-primary]");
  const form = button?.closest("form");
  const empty = [...(form?.elements ?? [])].find(wants);
  (empty ?? button)?.focus();
}

/** Go to the first field of the form, filled in or not; a fieldset around fields counts as an element and takes no focus. */
function toFields() {
  const form = document.querySelector("[data-task-form]");
  const isField = (one) => one.matches("input:not([type=hidden]), select, textarea") && one.offsetParent && !one.disabled;
  const group = [...(form?.elements ?? [])].find(isField);
  const chosen = group?.type === "radio" ? form.querySelector(`[name="${CSS.escape(group.name)}"]:checked`) : null;
  (chosen ?? group)?.focus();
}

/** Open one of the actions below the form, and go to its first field or its button. */
function toAction(key) {
  const summary = document.querySelector(`summary[data-key=${key}]`);
  if (!summary) return;
  summary.parentElement.open = true;
  summary.parentElement.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
}

/** Leave a field or an action and go back to the line; with nothing to leave, close the drawer. */
function back() {
  const inside = typing(document.activeElement) || document.activeElement.closest?.("#pane");
  const link = openLink();
  if (inside && link?.offsetParent) link.focus();
  else if (inside) document.activeElement.blur();
  if (!inside || matchMedia("(max-width: 1199px)").matches) closePane();
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  c: () => document.querySelector("[data-key=c]")?.click(),
  e: toForm,
  f: toFields,
  r: () => toAction("r"),
  x: () => document.activeElement.closest?.(".row")?.querySelector("[name=task]")?.click(),
  "/": () => document.querySelector("[data-key=search]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};
// Arrows move through lines, and elsewhere do what they always do.
const ON_LINES = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

function go(key) {
  goUntil = 0;
  document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
}

function actionOf(event) {
  if (event.timeStamp < goUntil) return () => go(event.key);
  if (event.key === "g") return () => (goUntil = event.timeStamp + GO_WITHIN);
  if (event.target.closest?.(".row") && ON_LINES[event.key]) return ON_LINES[event.key];
  return ACTIONS[event.key];
}

/** Listen for keys; Ctrl+Enter sends the form one is in. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.form ?? document.querySelector("[data-task-form]");
      form?.requestSubmit(form.querySelector("[data-primary]"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") back();
    if (typing(event.target)) return;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
