// Drafts: what is typed into a task's form is kept on the server a moment after typing, so that reloading, going
// back, an expired session or a second tab lose nothing.
import { postParting } from "./post.js";

const MOMENT = 700;
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
  say(form, { 401: "over", 404: "gone", 409: "gone" }[status] ?? "failed");
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

/** Let a form keep no more drafts: it is being sent. */
function stop(form, state) {
  clearTimeout(state.timer);
  state.timer = 0;
  state.isSent = true;
}

/** Begin to keep drafts of every task form below a part of the page. */
export function keepDrafts(part) {
  for (const form of part.querySelectorAll("form[data-draft]")) {
    if (states.has(form)) continue;
    const state = { touched: new Set(), timer: 0, saving: null, isSent: false };
    states.set(form, state);
    form.addEventListener("input", (event) => {
      const name = event.target.name;
      if (!name || name.startsWith("_") || event.target.type === "file") return;
      state.touched.add(keyOf(name));
      say(form, "");
      clearTimeout(state.timer);
      state.timer = setTimeout(() => (state.saving = save(form, state)), MOMENT);
    });
    form.addEventListener("submit", () => stop(form, state));
    const saveAll = () => {
      state.isSent = false;
      const names = [...new FormData(form).keys()].filter((name) => !name.startsWith("_") && name !== "csrf_token");
      for (const name of names) state.touched.add(keyOf(name));
      state.saving = save(form, state);
    };
    form.addEventListener("sending:failed", saveAll);
    if ("unsaved" in form.dataset) saveAll();
  }
}

// Somebody leaves the page or puts the phone away in the middle of a word.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flushAll(document);
});
window.addEventListener("pagehide", () => flushAll(document));
