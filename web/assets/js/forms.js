// Forms: send once, show what applies, name the button by the outcome.
import { wakePhotos } from "./photos.js";

/** Let a form be sent again. */
function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
}

/** Keep a second click, or an impatient Enter, from sending a form twice. */
function sendOnce(form) {
  form.addEventListener("sending:failed", () => release(form));
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button:not([type=button])")) {
      button.setAttribute("aria-disabled", "true");
    }
  });
}

/** Fetch the value a field would send now. */
function valueOf(form, key) {
  const fields = [...form.querySelectorAll(`[name="${CSS.escape(key)}"]`)];
  const first = fields[0];
  if (!first) return null;
  if (first.type === "radio") return fields.find((field) => field.checked)?.value ?? null;
  if (first.type === "checkbox" && first.dataset.kind !== "list") return first.checked;
  if (first.type === "checkbox") return fields.filter((field) => field.checked).map((field) => field.value);
  if (first.value === "") return null;
  return first.dataset.kind === "number" ? Number(first.value) : first.value;
}

const OPERATORS = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a !== null && b !== null && a < b,
  "<=": (a, b) => a !== null && b !== null && a <= b,
  ">": (a, b) => a !== null && b !== null && a > b,
  ">=": (a, b) => a !== null && b !== null && a >= b,
};

/** Evaluate a condition the server has already parsed: nested arrays, the operator first. */
function holds([operator, ...parts], form) {
  if (operator === "value") return parts[0];
  if (operator === "name") return valueOf(form, parts[0]);
  if (operator === "not") return !holds(parts[0], form);
  if (operator === "and") return parts.every((part) => holds(part, form));
  if (operator === "or") return parts.some((part) => holds(part, form));
  if (operator === "in") return parts.slice(1).some((part) => holds(part, form) === holds(parts[0], form));
  return OPERATORS[operator](holds(parts[0], form), holds(parts[1], form));
}

function showWhatApplies(form) {
  for (const part of form.querySelectorAll("[data-hide]")) {
    part.hidden = holds(JSON.parse(part.dataset.hide), form);
    for (const field of part.querySelectorAll("input, select, textarea")) field.disabled = part.hidden;
  }
}

/** Put the label of the chosen outcome on the primary button. */
function nameButton(form) {
  const button = form.querySelector("[data-primary]");
  if (!button) return;
  const chosen = form.querySelector("[data-submit]:checked, option[data-submit]:checked");
  button.querySelector("span").textContent = chosen ? chosen.dataset.submit : button.dataset.primary;
}

/** Lead from what is wrong to the field itself: the place named by the address may be the box around it. */
function leadToFields(part) {
  for (const link of part.querySelectorAll(".problems a[href^='#']")) {
    link.addEventListener("click", (event) => {
      const box = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      const fields = [...(box?.querySelectorAll("input:not([type=hidden]), select, textarea") ?? [])];
      if (!fields.length) return; // the place is the field: the browser goes there
      event.preventDefault();
      box.scrollIntoView();
      (fields.find((field) => field.checked) ?? fields[0]).focus({ preventScroll: true });
    });
  }
}

/** Wake up every form below a part of the page; `sendAhead`, where given, sends photos of task forms early. */
export function wakeForms(part, sendAhead) {
  leadToFields(part);
  for (const form of part.querySelectorAll("form[method=post]")) {
    if (form.dataset.awake) continue;
    form.dataset.awake = "yes";
    sendOnce(form);
    wakePhotos(form, form.dataset.taskForm === undefined && form.dataset.sendAhead === undefined ? undefined : sendAhead);
    const update = () => {
      showWhatApplies(form);
      nameButton(form);
    };
    form.addEventListener("input", update);
    update();
  }
}

// A page taken back from the browser's memory must be able to send again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) release(form);
});
