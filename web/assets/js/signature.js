// The owner signs on the repairer's phone: what is signed stands in the picture, above the signature.
import { sumOf, yuan } from "./sums.js";

const WIDTH = 1000; // of the picture
const MARGIN = 40;
const TEXT = { font: "34px sans-serif", line: 48 };
const INK = { color: "black", width: 5 };
const LEAST = 12; // points of the pen: less is a slip of the finger

/** What the owner signs, with the amount as the form has it now. */
function statementOf(form) {
  const sum = sumOf(form) ?? 0;
  return (form.dataset.statement ?? "").replace("{charge}", () => (sum ? `¥${yuan(sum)}` : form.dataset.free));
}

/** Break a text into lines that fit; Chinese may break anywhere, other words between words. */
function wrapped(pen, text, width) {
  const lines = [""];
  for (const word of text.match(/[\x21-\x7e]+|./gsu) ?? []) {
    const longer = lines.at(-1) + word;
    if (lines.at(-1) && pen.measureText(longer).width > width) lines.push(word.trimStart());
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** The paper on which a finger, a pen or a mouse writes; remembers its strokes as parts of its own width. */
class Paper {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => (this.stroke = null));
  }

  get isSigned() {
    return this.strokes.flat().length >= LEAST;
  }

  /** Take the size the sheet gives it. */
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    Object.assign(this.canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
    this.draw();
  }

  clear() {
    this.strokes = [];
    this.draw();
    this.changed();
  }

  begin(event) {
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = [];
    this.strokes.push(this.stroke);
    this.go(event);
  }

  go(event) {
    if (!this.stroke) return;
    const box = this.canvas.getBoundingClientRect();
    for (const point of event.getCoalescedEvents?.().concat(event) ?? [event]) {
      this.stroke.push([(point.clientX - box.left) / box.width, (point.clientY - box.top) / box.width]);
    }
    this.draw();
    this.changed();
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.write(pen, this.canvas.width, 0, 0);
  }

  /** Draw the strokes so wide, from a corner on. */
  write(pen, width, left, top) {
    Object.assign(pen, { strokeStyle: INK.color, lineWidth: (INK.width * width) / WIDTH, lineCap: "round", lineJoin: "round" });
    for (const stroke of this.strokes) {
      pen.beginPath();
      for (const [x, y] of stroke) pen.lineTo(left + x * width, top + y * width);
      pen.stroke();
    }
  }

  /** Make the picture: the statement and the moment, and the signature below. */
  async picture(statement) {
    const heights = this.strokes.flat().map(([, y]) => y);
    const [first, last] = [Math.min(...heights), Math.max(...heights)];
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d");
    const inner = WIDTH - 2 * MARGIN;
    pen.font = TEXT.font;
    const lines = [...wrapped(pen, statement, inner), new Date().toLocaleString(document.documentElement.lang)];
    const top = 2 * MARGIN + lines.length * TEXT.line;
    Object.assign(canvas, { width: WIDTH, height: top + (last - first) * inner + MARGIN });
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { fillStyle: INK.color, font: TEXT.font });
    lines.forEach((line, at) => pen.fillText(line, MARGIN, MARGIN + (at + 0.8) * TEXT.line));
    this.write(pen, inner, MARGIN, top - first * inner);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    return new File([blob], "signature.png", { type: "image/png" });
  }
}

/** One field for a signature; the picture goes the way of a photo. */
class Signature {
  constructor(form, upload) {
    this.form = form;
    this.upload = upload;
    this.one = (name) => upload.querySelector(`[data-sign-${name}]`);
    this.paper = new Paper(this.one("paper"), () => (this.one("done").disabled = !this.paper.isSigned));
    this.state = this.one("state");
    this.signed = upload.querySelector("input[type=checkbox]") ? statementOf(form) : null;
    upload.querySelector("[data-scripted-sign]").hidden = false;
    upload.querySelector(".upload-ways").hidden = true;
    this.one("open").addEventListener("click", () => this.open());
    this.one("close").addEventListener("click", () => this.one("sheet").close());
    this.one("clear").addEventListener("click", () => this.paper.clear());
    this.one("done").addEventListener("click", () => this.done());
    form.addEventListener("input", () => this.compare());
    upload.addEventListener("photos:changed", () => this.say());
    this.say();
  }

  open() {
    this.one("said").textContent = statementOf(this.form);
    this.one("sheet").showModal();
    this.paper.clear();
    this.paper.fit();
  }

  async done() {
    this.signed = statementOf(this.form);
    const files = new DataTransfer();
    files.items.add(await this.paper.picture(this.signed));
    this.forget();
    const input = this.upload.querySelector("input[type=file]:not([capture])");
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    this.one("sheet").close();
    this.say();
  }

  forget() {
    for (const button of this.upload.querySelectorAll(".photo-remove")) button.click();
    for (const kept of this.upload.querySelectorAll(".choice-photo")) kept.remove();
  }

  /** What was signed must be what is charged. */
  compare() {
    if (this.signed === null || this.signed === statementOf(this.form)) return;
    this.signed = null;
    this.forget();
    const note = Object.assign(document.createElement("p"), { className: "error", textContent: this.upload.dataset.changed });
    note.setAttribute("role", "alert");
    this.upload.prepend(note);
    this.say();
  }

  /** Tell the form whether somebody has signed. */
  say() {
    const isSigned = Boolean(this.upload.querySelector("figure, input[type=checkbox]:checked"));
    if (isSigned) this.upload.querySelector(".error")?.remove();
    this.state.value = isSigned ? "yes" : "";
    this.state.setCustomValidity(isSigned ? "" : this.state.dataset.missing);
  }
}

/** Wake the fields for signatures of a form. */
export function wakeSignatures(form) {
  for (const upload of form.querySelectorAll("[data-signature]")) new Signature(form, upload);
}
