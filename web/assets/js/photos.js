// Photos of a form: taken or chosen, made small, shown, taken out again; sent ahead where the page can, and kept on the
// phone until they are: without a signal, or with the page closed before its form was sent, none is lost.
import { isReadable, sayChanged } from "./readable.js";

const LONGEST_SIDE = 1600;

/** What each file not yet sent is known by, so that sending it again keeps it once. */
const keys = new WeakMap();

/** Return the key of a file. */
export function keyOf(file) {
  if (!keys.has(file)) keys.set(file, crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
  return keys.get(file);
}

const BUSY = ".photo-busy";
const GOING = ".photo-going";

/** How to send each form that waits for its photos. */
const held = new WeakMap();

/** Make a photo small enough for a phone's upload; anything that is not a photo stays as it is. */
async function shrink(file) {
  if (!/^image\/(jpeg|png|webp|hei[cf])$/.test(file.type)) return file;
  const isTaken = !/hei[cf]$/.test(file.type); // the server takes no HEIC; some browsers can read it
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  if (isTaken && scale === 1 && file.size < 1_000_000) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  if (!blob || (isTaken && blob.size >= file.size)) return file;
  return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
}

/** Tell whether a form still waits: for photos to be small, and on pages without an outbox for what is on its way. */
function isWaiting(form) {
  return Boolean(form.querySelector(form.dataset.typed === undefined ? BUSY : `${BUSY}, ${GOING}`));
}

/** Send a form as soon as its photos are small, and say so: sent earlier, it would leave them behind. */
function hold(event) {
  const form = event.target;
  if (!isWaiting(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (held.has(form)) return;
  const note = document.createElement("p");
  note.className = "note photos-held";
  note.role = "status";
  note.textContent = document.body.dataset.held;
  const { submitter } = event;
  (submitter?.closest(".actions, form > *") ?? form.lastElementChild).before(note);
  held.set(form, () => {
    held.delete(form);
    note.remove();
    if (!form.querySelector(".photo-bad")) form.requestSubmit(submitter); // else one is to be seen first
  });
}
window.addEventListener("submit", hold, true); // before anybody else takes it for sent

/** Stand in for a file that no browser shows: a video, or a photo of a kind it does not know. */
function nameOf(file) {
  return Object.assign(document.createElement("span"), { className: "photo-name", textContent: file.name });
}

/** The photos of one field; files that wait stand in the input for files, those sent ahead as hidden fields. */
class Photos {
  constructor(upload, send) {
    this.upload = upload;
    this.send = send;
    this.shown = upload.querySelector("[data-shown]");
    this.inputs = [...upload.querySelectorAll("input[type=file]")];
    this.holder = this.inputs.find((input) => !input.hasAttribute("capture"));
    if (this.holder.closest(".pick")) this.holder.classList.add("sr"); // the photos are shown below
    this.isRequired = upload.hasAttribute("data-required");
    this.waiting = [];
    const { form } = this.holder;
    this.place = form?.dataset.draft ?? form?.getAttribute("action");
    this.isKept = Boolean(send?.keep && this.place) && !upload.matches("[data-signature]"); // that is given anew
    for (const input of this.inputs) input.addEventListener("change", () => this.take(input));
    upload.addEventListener("change", () => this.require());
    this.require();
    if (this.isKept) this.bringBack().catch(() => {}); // the storage did not answer
  }

  /** Show again what was taken before the page was left. */
  async bringBack() {
    const found = await this.send.kept(this.place);
    for (const { id, field, file } of found.filter((one) => one.field === this.holder.name)) {
      keys.set(file, id);
      const fold = this.upload.closest("details");
      if (fold) fold.open = true;
      const figure = document.createElement("figure");
      this.shown.append(figure);
      this.add(file, figure);
    }
  }

  take(input) {
    const chosen = [...input.files];
    if (!input.multiple) for (const figure of this.shown.querySelectorAll("figure")) this.remove(figure);
    for (const file of chosen) this.prepare(file);
    this.sync();
  }

  /** Tell whether a request could not carry this file beside those that wait. */
  isTooMuch(file) {
    const most = Number(document.body.dataset.most || Infinity);
    return this.waiting.reduce((sum, one) => sum + one.size, file.size) > most;
  }

  /** Hold the place of a file until it is small. */
  async prepare(file) {
    const figure = document.createElement("figure");
    figure.className = "photo photo-busy";
    figure.append(document.createElement("progress"));
    this.shown.append(figure);
    this.add(await shrink(file).catch(() => file), figure);
    this.goOn();
  }

  goOn() {
    const { form } = this.holder;
    if (form && !isWaiting(form)) held.get(form)?.();
  }

  add(file, figure) {
    figure.className = "photo";
    figure.replaceChildren();
    if (!figure.isConnected) return; // another one was taken in its place
    const isTooMuch = this.isTooMuch(file);
    if (!isTooMuch) this.waiting.push(file);
    if (file.type.startsWith("image/")) {
      const image = new Image();
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      image.addEventListener("error", () => image.replaceWith(nameOf(file))); // such as HEIC
      figure.append(image);
    } else {
      figure.append(nameOf(file));
    }
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "photo-remove", textContent: "×" });
    button.setAttribute("aria-label", this.upload.dataset.remove ?? "");
    button.addEventListener("click", () => this.remove(figure));
    figure.append(button);
    figure.file = file;
    this.sync();
    if (isTooMuch) this.refuse(figure, document.body.dataset.tooMuch);
    else if (this.send) this.ahead(figure, file);
  }

  async ahead(figure, file) {
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const share = Object.assign(document.createElement("span"), { className: "photo-share", textContent: "0%" });
    figure.append(bar, share);
    figure.classList.add("photo-going");
    const isSafe = this.isKept ? this.send.keep(this.place, this.holder.name, file) : Promise.resolve(false);
    const { status, data } = await this.send(file, (part) => {
      bar.value = part;
      share.textContent = `${Math.floor(part * 100)}%`;
    });
    bar.remove();
    share.remove();
    figure.classList.remove("photo-going");
    if (status === 0 && !(await isReadable(file))) this.giveUp(figure, file, sayChanged(file));
    else if (this.settle(figure, file, status, data)) this.tellWaiting(figure, await isSafe);
    this.goOn();
  }

  /** Draw what became of a file; tells whether it waits, to go with its form. */
  settle(figure, file, status, data) {
    if (!this.waiting.includes(file)) return false; // taken out, or sent with the form, in the meantime
    if (status >= 400 && status < 500 && status !== 401 && status !== 429) {
      this.giveUp(figure, file, data.message);
      return false;
    }
    if (status !== 200) return true;
    this.forget(file);
    if (this.upload.querySelector(`[type=checkbox][value="${CSS.escape(data.id)}"]`)) {
      this.remove(figure); // the draft has it already: its answer got lost
      return false;
    }
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: this.holder.name, value: data.id });
    figure.append(field);
    figure.classList.add("photo-sent");
    this.keep(field);
    this.waiting = this.waiting.filter((one) => one !== file);
    this.sync();
    return false;
  }

  /** Let go of a file that will never arrive, and say why. */
  giveUp(figure, file, words) {
    this.forget(file);
    this.waiting = this.waiting.filter((one) => one !== file);
    this.sync();
    this.refuse(figure, words);
  }

  forget(file) {
    if (this.isKept) this.send.forget(file);
  }

  tellWaiting(figure, isSafe) {
    const words = isSafe ? this.upload.dataset.waiting : "";
    if (words && !figure.querySelector("figcaption")) {
      figure.append(Object.assign(document.createElement("figcaption"), { className: "photo-waits", textContent: words }));
    }
  }

  refuse(figure, words) {
    figure.classList.add("photo-bad");
    figure.append(Object.assign(document.createElement("figcaption"), { textContent: words ?? "" }));
  }

  /** Have the draft of the form name the file; a signature belongs to what is charged now, and is given anew. */
  keep(field) {
    if (!this.upload.matches("[data-signature]")) field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  remove(figure) {
    const sent = figure.querySelector("input[type=hidden]");
    if (sent && this.send) {
      this.send.discard(sent.value);
      sent.disabled = true;
      this.keep(sent);
    }
    if (figure.file) this.forget(figure.file);
    this.waiting = this.waiting.filter((file) => file !== figure.file);
    figure.remove();
    this.sync();
    this.goOn();
  }

  sync() {
    const files = new DataTransfer();
    for (const file of this.waiting) files.items.add(file);
    for (const input of this.inputs) {
      if (input === this.holder) input.files = files.files;
      else input.value = "";
    }
    this.require();
  }

  require() {
    const has = this.waiting.length || this.upload.querySelector(BUSY + ", input[type=hidden], input[type=checkbox]:checked");
    this.holder.required = this.isRequired && !has;
    this.upload.dispatchEvent(new CustomEvent("photos:changed"));
  }
}

/**
 * Wake the photo fields of a form; `send`, where given, sends a file ahead and can discard one again.
 * A field for other files shows none of them, and stays as the browser has it.
 */
export function wakePhotos(form, send) {
  for (const upload of form.querySelectorAll(".upload:has([data-shown])")) new Photos(upload, send);
}
