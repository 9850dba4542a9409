// Drafts: what is typed into a task's form is kept on the server a moment after typing, so that reloading, going
// back, an expired session or a second tab lose nothing.
import { postParting } from "./post.js";

const MOMENT = 700;
const ARRIVAL = 400;
const TRY_AGAIN = 5_000;
const PARTED = "draft-parted"; // a mark, never what was typed
const states = new WeakMap();

const keyOf = (name) => name.replace(/\[\]$/, "").split(".")[0];

function fieldsOf(form, touched) {
  const fields = [...new FormData(form)].filter(
    ([name, value]) => typeof value === "string" && !name.startsWith("_") && name !== "csrf_token",
  );
  return [...fields, ...[...touched].map((key) => ["_touched", key])];
}

function say(form, word) {
  const place = form.querySelector("[data-draft-state]");
  if (!place) return;
  place.textContent = word ? place.dataset[word] : "";
  place.classList.toggle("is-bad", Boolean(word) && word !== "saved");
  if (word === "over") place.append(" ", resumeButton(form, place.dataset.resume));
}

/** A button that leads through the sign-in and back to this form; what was typed goes along, sealed. */
function resumeButton(form, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = label;
  button.addEventListener("click", () => {
    form.action = form.dataset.resume;
    HTMLFormElement.prototype.submit.call(form); // past every listener, whatever a field is called
  });
  return button;
}

async function save(form, state) {
  clearTimeout(state.timer);
  state.timer = 0;
  const touched = new Set(state.touched);
  if (!touched.size || state.isSent) return;
  state.touched.clear();
  const { status } = await postParting(form.dataset.draft, fieldsOf(form, touched));
  if (status === 204) {
    say(form, state.touched.size ? "" : "saved");
    return;
  }
  for (const key of touched) state.touched.add(key);
  const why = { 401: "over", 404: "gone", 409: "gone" }[status] ?? "failed";
  say(form, why);
  // The network, or the server, is away: what is still to be kept must not wait for the next letter.
  if (why === "failed" && form.isConnected && !state.timer) later(form, state, TRY_AGAIN);
}

function later(form, state, wait) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => (state.saving = save(form, state)), wait);
}

function stateOf(form) {
  if (!states.has(form)) states.set(form, { touched: new Set(), timer: 0, saving: null, isSent: false });
  return states.get(form);
}

/** Keep what is still to be kept of a form; resolves when the server has it. */
export function flush(form) {
  const state = states.get(form);
  if (!state) return Promise.resolve();
  if (state.timer) state.saving = save(form, state);
  return state.saving ?? Promise.resolve();
}

/** Keep what is still to be kept of every form below a part of the page. */
export function flushAll(part) {
  return Promise.all([...part.querySelectorAll("form[data-draft]")].map(flush));
}

function saveAll(form) {
  const state = stateOf(form);
  state.isSent = false;
  const names = [...new FormData(form).keys()].filter((name) => !name.startsWith("_") && name !== "csrf_token");
  for (const name of names) state.touched.add(keyOf(name));
  state.saving = save(form, state);
}

/** Keep at once what was typed into forms that were refused, below a part of the page. */
export function keepRefused(part) {
  for (const form of part.querySelectorAll("form[data-draft][data-unsaved]")) {
    delete form.dataset.unsaved;
    saveAll(form);
  }
}

const formOf = (event) => event.target.closest?.("form[data-draft]");

// On the document, so that not even the first letter into a form that has just been shown is missed.
document.addEventListener("input", (event) => {
  const form = formOf(event);
  const name = event.target.name;
  if (!form || !name || name.startsWith("_") || event.target.type === "file") return;
  const state = stateOf(form);
  state.touched.add(keyOf(name));
  say(form, "");
  later(form, state, MOMENT);
});

document.addEventListener(
  "submit",
  (event) => {
    const form = formOf(event);
    if (!form) return;
    const state = stateOf(form);
    clearTimeout(state.timer);
    state.timer = 0;
    state.isSent = true; // what is being sent needs no draft
  },
  true,
);

document.addEventListener("sending:failed", (event) => formOf(event) && saveAll(formOf(event)));

function isBusy(form) {
  const state = states.get(form);
  return Boolean(state && !state.isSent && (state.timer || state.touched.size));
}

window.addEventListener("online", () => flushAll(document));

// Somebody puts the phone away in the middle of a word.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flushAll(document);
});

// Somebody leaves the page in the middle of a word: the last of it is sent while the next page is being loaded. At
// "pagehide" it is too late where a service worker stands in between; phones tell nothing earlier.
function part() {
  if ([...document.querySelectorAll("form[data-draft]")].some(isBusy)) sessionStorage.setItem(PARTED, "yes");
  flushAll(document);
}
window.addEventListener("beforeunload", part);
window.addEventListener("pagehide", part);

/** Where this page was loaded while the last of a draft was still on its way, look once more. */
export function lookAgain() {
  const isLate = sessionStorage.getItem(PARTED);
  sessionStorage.removeItem(PARTED);
  const forms = [...document.querySelectorAll("form[data-draft]")];
  const isInUse = (form) => isBusy(form) || states.get(form)?.isSent; // loading anew would cut short what it sends
  if (isLate && forms.length) setTimeout(() => forms.some(isInUse) || location.reload(), ARRIVAL);
}
