// What is typed into a form waits in this tab until the form is taken in: loading the page again, going back, an
// ended session or a lost connection lose nothing. It is sealed with a key that only pages of the same account carry.
//
// Forms of staff have remember.js for the same. Nothing but a loop over fields would be common to both: there the
// vault (IndexedDB, with a key of its own) outlives the tab, which on a phone that a family shares would be wrong, and
// it would make the script of residents much larger.

const TYPED = "typed:";
const SENT = "sent:";
const IV = 12; // bytes before what is sealed
const utf8 = { write: new TextEncoder(), read: new TextDecoder() };
const text64 = (bytes) => btoa(String.fromCharCode(...bytes));
const bytes64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

let sealing = null;
let last = Promise.resolve();

function key() {
  sealing ??= crypto.subtle.importKey("raw", bytes64(document.body.dataset.seal), "AES-GCM", false, ["encrypt", "decrypt"]);
  return sealing;
}

async function sealed(fields) {
  const iv = crypto.getRandomValues(new Uint8Array(IV));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), utf8.write.encode(JSON.stringify(fields)));
  return text64([...iv, ...new Uint8Array(data)]);
}

async function opened(text) {
  const all = bytes64(text);
  const iv = all.slice(0, IV);
  return JSON.parse(utf8.read.decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await key(), all.slice(IV))));
}

const nameOf = (form) => `${form.getAttribute("action")}#${form.dataset.typed}`;

function fieldsOf(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf_token");
}

function keep(form) {
  const fields = fieldsOf(form);
  last = last.then(async () => sessionStorage.setItem(TYPED + nameOf(form), await sealed(fields))).catch(() => {});
}

function forget(name) {
  sessionStorage.removeItem(TYPED + name);
  sessionStorage.removeItem(SENT + name);
}

/** Put values into the fields of a form; with `gaps` only where the server gave nothing back. */
function fill(form, fields, gaps) {
  const valuesOf = (name) => fields.filter(([one]) => one === name).map(([, value]) => value);
  const isChosen = (name) => form.querySelector(`[name="${CSS.escape(name)}"]:checked`);
  const chosen = new Set([...form.elements].filter((field) => gaps && isChosen(field.name)).map((field) => field.name));
  for (const field of form.elements) {
    const values = valuesOf(field.name);
    if (field.type === "radio" || field.type === "checkbox") {
      if (!chosen.has(field.name)) field.checked = values.includes(field.value);
    } else if ((field.matches("input:not([type=hidden], [type=file]), select, textarea") || field.name === "_key") && values.length) {
      if (!gaps || !field.value) field.value = values[0];
    }
  }
  if (form.dataset.keep === undefined) bringFiles(form, fields); // else the server knows what is still there
  for (let at = form.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Name the files again that were sent ahead of a form. */
function bringFiles(form, fields) {
  for (const upload of form.querySelectorAll(".upload:has([data-shown])")) {
    const { name } = upload.querySelector("input[type=file]");
    for (const [, value] of fields.filter(([one, value]) => one === name && /^\d+$/.test(value))) {
      if ([...form.elements].some((field) => field.name === name && field.value === value)) continue;
      const label = Object.assign(document.createElement("label"), { className: "choice choice-photo" });
      const box = Object.assign(document.createElement("input"), { type: "checkbox", name, value, checked: true });
      label.append(box, ` ${upload.dataset.kept ?? ""}`);
      upload.prepend(label);
    }
  }
}

function say(form, words, label, act) {
  const note = form.querySelector(".typed") ?? document.createElement("p");
  Object.assign(note, { className: "typed note between problems", role: "status", textContent: words });
  if (act) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small", textContent: label });
    button.addEventListener("click", act);
    note.append(" ", button);
  }
  form.prepend(note);
  note.scrollIntoView({ block: "nearest" });
  return note;
}

const said = (form) => JSON.stringify(fieldsOf(form).filter(([one]) => one[0] !== "_"));

async function bringBack(form) {
  const name = nameOf(form);
  const text = sessionStorage.getItem(TYPED + name);
  const wasSent = sessionStorage.getItem(SENT + name);
  sessionStorage.removeItem(SENT + name);
  const fields = text && (await opened(text).catch(() => null));
  if (!fields) return forget(name);
  const isRefused = wasSent && document.querySelector("main [role=alert], main .error");
  const own = form.elements._key?.value;
  const before = said(form);
  fill(form, fields, isRefused);
  if (isRefused || said(form) === before) return;
  // What is sent as it was is known by its key, should it have arrived already; what is changed is new.
  form.addEventListener("input", (event) => own && event.target !== form && (form.elements._key.value = own));
  if (document.querySelector("[data-clears]")) return; // the server has said it: it keeps a draft as well
  const { typedBack, typedClear } = document.body.dataset;
  const note = say(form, typedBack, typedClear, () => {
    forget(name);
    form.reset();
    note.remove();
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

/** Forget what was typed into this page, also what is being sealed at this moment. */
function clear() {
  const forgetAll = () => document.querySelectorAll("form[data-typed]").forEach((one) => forget(nameOf(one)));
  forgetAll();
  last = last.then(forgetAll);
}

function send(event) {
  const form = event.target;
  if (form.dataset.signOut !== undefined) return sessionStorage.clear();
  if (form.dataset.clears !== undefined) return clear();
  if (form.dataset.typed === undefined) return;
  if (navigator.onLine) return sessionStorage.setItem(SENT + nameOf(form), "yes");
  event.preventDefault();
  event.stopImmediatePropagation();
  say(form, document.body.dataset.offline);
}

/** What was typed for a step that somebody closed meanwhile has no form any more: the server shows it on this page. */
async function handOver() {
  const begin = `${TYPED}${location.pathname}/answer/`;
  const names = Object.keys(sessionStorage).filter((one) => one.startsWith(begin)).map((one) => one.slice(TYPED.length));
  const here = new Set([...document.querySelectorAll("form[data-typed]")].map(nameOf));
  let isKept = false;
  for (const name of names.filter((one) => !here.has(one))) {
    const address = name.replace("/answer/", "/unsent/").replace(/#.*/, "");
    const fields = await opened(sessionStorage.getItem(TYPED + name)).catch(() => null);
    const isShown = document.getElementById(`unsent-${address.split("/").pop()}`);
    if (fields && !isShown) {
      const body = new URLSearchParams(fields);
      body.set("csrf_token", document.querySelector("meta[name=csrf-token]").content);
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer || answer.status >= 500) continue; // no connection: with the next look
      isKept ||= answer.status === 201;
    }
    forget(name);
  }
  if (isKept) location.reload();
}

/** Keep what is typed into the forms that ask for it, and give back what was. */
export async function startTyped() {
  if (document.querySelector(".flashes .note-fine")) {
    for (const one of Object.keys(sessionStorage)) if (one.startsWith(SENT)) forget(one.slice(SENT.length));
  }
  document.addEventListener("submit", send, true);
  if (!document.body.dataset.seal || !globalThis.crypto?.subtle) return;
  document.addEventListener("input", ({ target }) => target.form?.dataset.typed !== undefined && keep(target.form));
  for (const form of document.querySelectorAll("form[data-typed]")) await bringBack(form);
  await handOver();
}
