// Forms of pages that belong to no task, so that the server keeps no draft of them: what is typed is kept in this
// browser, sealed, until it was sent and an answer came. Loading again, going back, a session that ended, a lost
// connection cost nothing.
import { forgetForm, keepForm, keptForm } from "./vault.js";

const MOMENT = 250;
const SENT = "form-sent"; // which form was sent from this tab, and from which page; nothing that was typed

const person = document.getElementById("outbox")?.dataset.person;
const isTyped = (field) => field.name && !/^(file|password|hidden|submit|button)$/.test(field.type) && field.name !== "_key";
const isBox = (field) => field.type === "checkbox" || field.type === "radio";

/** What tells a form from the others: who types, where it goes, and what it is about. */
function idOf(form) {
  const about = [...form.querySelectorAll("input[type=hidden]")].filter(({ name }) => name[0] !== "_" && name !== "csrf_token");
  return [person, new URL(form.action).pathname, ...about.map(({ name, value }) => `${name}=${value}`)].join(" ");
}

/** List the fields as [name, value, is ticked]; the key of the form goes along, so that nothing is done twice. */
function read(form) {
  const fields = [...form.elements].filter((field) => isTyped(field) || field.name === "_key");
  return fields.map((field) => [field.name, field.value, isBox(field) && field.checked]);
}

/** Put back what was kept; tells whether anything differs from what the server drew. */
function write(form, kept) {
  let isOther = false;
  const texts = kept.slice();
  for (const field of form.elements) {
    const at = texts.findIndex(([name, value]) => name === field.name && (!isBox(field) || value === field.value));
    if (at < 0 || !(isTyped(field) || field.name === "_key")) continue;
    const [[, value, isTicked]] = texts.splice(at, 1);
    isOther ||= isTyped(field) && (isBox(field) ? field.checked !== isTicked : field.value !== value);
    if (isBox(field)) field.checked = isTicked;
    else field.value = value;
  }
  return isOther;
}

function tell(form, id) {
  const note = document.querySelector("[data-remembered]").content.firstElementChild.cloneNode(true);
  note.querySelector("button").addEventListener("click", () => {
    form.reset();
    form.dispatchEvent(new Event("input", { bubbles: true }));
    note.remove();
    forgetForm(id).catch(() => {});
  });
  form.prepend(note);
}

async function restore(form, id) {
  const kept = await keptForm(id).catch(() => null);
  if (!kept || !write(form, kept)) return;
  const fold = form.closest("details");
  if (fold) fold.open = true;
  tell(form, id);
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function remember(form) {
  const id = idOf(form);
  let timer = 0;
  let turn = 0;
  let last = Promise.resolve(); // one after the other: the last word counts
  const save = () => {
    clearTimeout(timer);
    if (!timer) return;
    timer = 0;
    const [mine, fields] = [++turn, read(form)];
    const say = () => mine === turn && !timer && (form.dataset.kept = "yes");
    last = last.then(() => keepForm(id, fields)).then(say).catch(() => {}); // a full storage keeps nobody from typing
  };
  form.addEventListener("input", ({ target }) => {
    if (!isTyped(target)) return;
    delete form.dataset.kept;
    clearTimeout(timer);
    timer = setTimeout(save, MOMENT);
  });
  form.addEventListener("change", save);
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    save();
    sessionStorage.setItem(SENT, JSON.stringify({ id, page: location.pathname }));
  });
  window.addEventListener("pagehide", save);
  return id;
}

/** After a form was sent: a page that came for it means that it arrived; tells whether this page is its refusal. */
async function settle() {
  const sent = JSON.parse(sessionStorage.getItem(SENT) ?? "null");
  sessionStorage.removeItem(SENT);
  const [arrival] = performance.getEntriesByType("navigation");
  const from = document.referrer && new URL(document.referrer).pathname;
  if (!sent || arrival?.type !== "navigate" || from !== sent.page) return false;
  if (arrival.responseStatus >= 400) return true;
  await forgetForm(sent.id).catch(() => {});
  return false;
}

/** Go on after a form was refused in place: its page holds what was typed. */
export function rememberAgain(part) {
  sessionStorage.removeItem(SENT);
  if (person) for (const form of part.querySelectorAll("form[data-remember]")) remember(form);
}

/** Keep what is typed into the forms that ask for it, and put back what was typed before. */
export async function startRemembering() {
  if (!person) return;
  const ids = new Map([...document.querySelectorAll("form[data-remember]")].map((form) => [form, remember(form)]));
  if (await settle()) return; // the server has drawn what was typed, and says what is wrong with it
  for (const [form, id] of ids) restore(form, id);
}
