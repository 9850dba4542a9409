// The outbox: what a task's form holds is put away before it is sent, and sent, in order, until an answer came.
// Each letter carries the idempotency key of its form, so the server does nothing twice.
import { keyOf } from "./photos.js";
import { post, postFile } from "./post.js";
import { forgetPhoto, keepPhoto, keptPhotos, letters, put, remove, wipe } from "./vault.js";

const TRY_AGAIN = 10_000;
const BREATH = 2_000; // the browser says "online" before the network answers

const panel = document.getElementById("outbox");
const person = panel?.dataset.person;
const listeners = new Map(); // letter -> what its form does when it was answered

/** Send a file ahead of its form. */
export function sendAhead(file, progress) {
  return postFile(panel.dataset.upload, file, keyOf(file), progress);
}
// A photo of a form that is not sent yet lies sealed on the phone until the server, or a letter, has it.
sendAhead.keep = (place, field, file) => keepPhoto({ id: keyOf(file), person, place, field, file });
sendAhead.kept = (place) => keptPhotos(person, place);
sendAhead.forget = (file) => forgetPhoto(keyOf(file));
sendAhead.discard = (id) => post(`${panel.dataset.upload}${id}/discard`, new FormData());

function fateOf(status, isLate) {
  if (status === 0 || status === 429 || status >= 500) return "waiting";
  // A page that lay open while somebody signed in again has an old token: a fresh page can send it.
  if (status === 401 || (status === 400 && !isLate)) return "unknown-sender";
  return status < 400 ? "sent" : "refused";
}

// --- writing ------------------------------------------------------------------------------------------------

export function sayField(form, name, value) {
  const fields = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  const field = fields.find((one) => one.value === value) ?? fields[0];
  if (!field || field.type === "hidden" || field.type === "file") return null;
  const label = field.closest(".field")?.querySelector("legend, label:not(.choice), .label")?.textContent;
  const isChoice = field.type === "radio" || field.type === "checkbox";
  const text = isChoice ? field.closest("label")?.textContent : field.selectedOptions?.[0]?.text;
  return [(label ?? "").replace("*", "").trim(), (text ?? value).trim()];
}

/** Write down what a form would send. */
function written(form, submitter) {
  const data = [...new FormData(form, submitter)].filter(([name]) => name !== "csrf_token");
  const texts = data.filter(([, value]) => typeof value === "string");
  const files = data.filter(([, value]) => value instanceof File && value.size);
  return {
    id: `${Date.now()}-${texts.find(([name]) => name === "_key")?.[1]}`,
    person,
    at: Date.now(),
    state: "waiting",
    why: "",
    number: form.dataset.number ?? "",
    step: form.dataset.step ?? "",
    action: submitter?.hasAttribute("formaction") ? submitter.formAction : form.action,
    page: form.dataset.page,
    fields: texts,
    said: texts.filter(([name, value]) => value && name[0] !== "_").map(([name, value]) => sayField(form, name, value)),
    photos: files.map(([name, file]) => ({ name, key: keyOf(file), file })),
  };
}

// --- sending ------------------------------------------------------------------------------------------------

const forgetPhotos = (letter) => Promise.all(letter.photos.map(({ key }) => forgetPhoto(key)));

async function deliver(letter, isLate) {
  for (const photo of letter.photos) {
    if (photo.sent) continue;
    const { status, data } = await postFile(panel.dataset.upload, photo.file, photo.key);
    if (status !== 200) return { status, data, isPhoto: true };
    photo.sent = data.id;
  }
  const body = new URLSearchParams(letter.fields);
  for (const { name, sent } of letter.photos) body.append(name, sent);
  if (isLate) body.append("_late", "1");
  return post(letter.action, body);
}

/** Send one letter whose form is not on this page any more, and note what became of it. */
async function sendLate(letter) {
  const { status, data } = await deliver(letter, true);
  const fate = fateOf(status, true);
  if (fate === "sent") {
    await remove(letter.id);
    const told = new CustomEvent("outbox:sent", { cancelable: true, detail: { letter, data } });
    const isUntold = document.dispatchEvent(told);
    if (isUntold && document.querySelector(`form[data-page="${letter.page}"]`)) location.assign(data.next);
  }
  const why = [data.message, ...Object.values(data.fields ?? {})].filter(Boolean).join("；");
  if (fate === "refused") await put({ ...letter, state: "refused", why });
  if (fate === "waiting" && why !== letter.why) await put({ ...letter, why });
  return fate;
}

/** Send one letter whose form waits on this page. */
async function sendNow(letter, answered) {
  const answer = await deliver(letter, false);
  const fate = fateOf(answer.status, false);
  listeners.delete(letter.id); // from now on it is sent late
  if (fate === "sent" || fate === "refused") await remove(letter.id);
  if (fate === "sent") await forgetPhotos(letter);
  answered(fate, answer, letter);
  return fate;
}

async function flushAll() {
  let blocked = "";
  for (const letter of await letters(person)) {
    const answered = listeners.get(letter.id);
    // Nothing goes before what was written earlier: it may build upon it.
    if (blocked) {
      listeners.delete(letter.id);
      answered?.(blocked, {}, letter);
    } else if (letter.state !== "refused") {
      const fate = answered ? await sendNow(letter, answered) : await sendLate(letter);
      if (fate === "waiting" || fate === "unknown-sender") blocked = fate;
    }
  }
}

let last = Promise.resolve();
let again = 6; // times to look once more when the storage does not say what it holds

function lookLater() {
  if (again-- > 0) setTimeout(flush, TRY_AGAIN);
}

/** Send whatever waits, one page at a time. */
export function flush() {
  if (!person) return last;
  const run = () => (navigator.locks ? navigator.locks.request("wuye-outbox", flushAll) : flushAll());
  // Whatever went wrong with one letter or its picture must not keep the next one from being sent.
  last = last.then(run).catch(() => {}).then(draw).catch(lookLater);
  return last;
}

// --- forms --------------------------------------------------------------------------------------------------

function showKept(form, isSafe) {
  const note = panel.querySelector("[data-kept-note]").content.cloneNode(true);
  note.querySelector(isSafe ? "[data-unsafe]" : "[data-safe]").remove();
  form.before(note);
  form.inert = true;
  form.previousElementSibling.scrollIntoView({ block: "center" });
}

/** Put into a form what was sent ahead of it, and the button it was sent by. */
function addPhotos(form, submitter, letter) {
  for (const input of form.querySelectorAll("input[type=file]")) input.disabled = true;
  const more = letter.photos.filter((photo) => photo.sent).map((photo) => [photo.name, photo.sent]);
  if (submitter?.name) more.push([submitter.name, submitter.value]);
  for (const [name, value] of more) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
}

/** Let the server show the form again with what is wrong. */
function sendAsPage(form, submitter, letter) {
  addPhotos(form, submitter, letter);
  HTMLFormElement.prototype.submit.call(form);
}

/** Hand the form back to the person: a photo in it cannot be taken. */
function giveBack(form, message) {
  const note = document.createElement("p");
  Object.assign(note, { className: "note note-late", textContent: message });
  note.setAttribute("role", "alert");
  form.prepend(note);
  form.dispatchEvent(new CustomEvent("sending:failed", { bubbles: true }));
  note.scrollIntoView({ block: "center" });
}

async function submit(form, submitter) {
  const letter = written(form, submitter);
  let isSafe = false;
  listeners.set(letter.id, (fate, { data, isPhoto }, sent) => {
    const detail = { fate, data, isPhoto, more: () => addPhotos(form, submitter, sent) };
    const answered = new CustomEvent("outbox:answered", { bubbles: true, cancelable: true, detail });
    if (!form.dispatchEvent(answered)) return; // the third column of the inbox goes on by itself
    if (fate === "sent") location.assign(data.next ?? form.dataset.page);
    else if (fate === "unknown-sender") location.assign(form.dataset.page); // leads to the sign-in and back
    else if (fate === "waiting") showKept(form, isSafe);
    else if (isPhoto) giveBack(form, data.message);
    else sendAsPage(form, submitter, sent);
  });
  isSafe = await put(letter);
  if (isSafe) await forgetPhotos(letter); // they lie in the letter now
  await flush();
  // Not found again in the browser's storage, whatever the reason: it is still in our hands.
  const unanswered = listeners.get(letter.id);
  if (unanswered) await sendNow(letter, unanswered);
}

/** Have the task forms and remarks below a part of the page send through the outbox. */
export function watchForms(part) {
  if (!person) return;
  for (const form of part.querySelectorAll("form[data-task-form], form[data-outbox]")) {
    if (form.dataset.watched) continue;
    form.dataset.watched = "yes";
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented || event.submitter?.hasAttribute("formnovalidate")) return;
      event.preventDefault();
      submit(form, event.submitter).catch(() => HTMLFormElement.prototype.submit.call(form));
    });
  }
}

// --- what is seen -------------------------------------------------------------------------------------------

function age(at) {
  const minutes = Math.round((Date.now() - at) / 60_000);
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  return minutes < 60 ? words.format(-minutes, "minute") : words.format(-Math.round(minutes / 60), "hour");
}

function drawLetter(letter) {
  const item = panel.querySelector("[data-letter]").content.cloneNode(true).firstElementChild;
  item.dataset.letterId = letter.id;
  item.classList.toggle("is-refused", letter.state === "refused");
  item.querySelector("[data-step]").textContent = `${letter.step} ${letter.number}`;
  item.querySelector("[data-step]").href = letter.page;
  item.querySelector("[data-age]").textContent = age(letter.at);
  item.querySelector("[data-why]").textContent = letter.why;
  const said = item.querySelector("[data-said]");
  for (const [label, text] of letter.said.filter(Boolean)) {
    const [name, value] = [document.createElement("dt"), document.createElement("dd")];
    name.textContent = label;
    value.textContent = text;
    said.append(name, value);
  }
  for (const photo of letter.photos) {
    const image = new Image(96, 96);
    image.src = URL.createObjectURL(photo.file);
    image.alt = photo.file.name;
    item.querySelector("[data-pictures]").append(image);
  }
  item.querySelector("[data-again]").addEventListener("click", async () => {
    await put({ ...letter, state: "waiting", why: "" });
    flush();
  });
  const discard = item.querySelector("[data-discard]");
  discard.addEventListener("click", async () => {
    if (!discard.dataset.asked) {
      discard.dataset.asked = "yes";
      discard.textContent = discard.dataset.discard;
      return;
    }
    await remove(letter.id);
    draw();
  });
  return item;
}

async function draw() {
  const kept = await letters(person);
  const shown = kept.filter((letter) => !listeners.has(letter.id));
  panel.hidden = shown.length === 0;
  panel.dataset.kept = kept.length;
  panel.querySelector("[data-count]").textContent = panel.dataset.count.replace("0", shown.length);
  panel.querySelector("[data-letters]").replaceChildren(...shown.map(drawLetter));
  const isRefused = shown.some((letter) => letter.state === "refused");
  if (isRefused && !panel.classList.contains("has-refused")) panel.querySelector("details").open = true;
  panel.classList.toggle("has-refused", isRefused);
}

function guardSignOut() {
  const leaving = document.getElementById("outbox-leaving");
  for (const form of document.querySelectorAll("form[data-sign-out]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const look = async () => [...(await letters(person)), ...(await keptPhotos(person))]; // twice: a storage that is slow must not cost what was typed
      const kept = await look().catch(look).catch(() => []);
      if (kept.length) {
        leaving.querySelector("[data-leave]").onclick = () => wipe().then(() => HTMLFormElement.prototype.submit.call(form));
        leaving.showModal();
        return;
      }
      await wipe();
      HTMLFormElement.prototype.submit.call(form);
    });
  }
}

/** Send what waits now, whenever the network comes back, and from time to time. */
export function startOutbox() {
  if (!person) return;
  guardSignOut();
  flush();
  window.addEventListener("online", () => {
    flush();
    setTimeout(flush, BREATH);
  });
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  setInterval(() => panel.hidden || flush(), TRY_AGAIN);
}
