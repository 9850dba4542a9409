// A file that goes along with its form: where that takes over a second, the page says what is on its way, how big it is
// and how far. A form whose answer leads elsewhere (data-percent) is sent from here, for the browser itself tells no
// script how far it is; a page that says why it was refused is shown in place, so that no file has to be chosen once more.
// The files of these forms (lists, diagrams, calendars) travel again with the next try: the server keeps nothing of what
// it refused, for a list holds people's names and numbers, and what is wrong is most often in the file itself.
import { isReadable, sayChanged } from "./readable.js";

const A_SECOND = 1000;
const { uploading } = document.body.dataset;

function note(form, size) {
  const said = document.createElement("div");
  said.className = "note uploading";
  const { lang } = document.documentElement;
  const amount = new Intl.NumberFormat(lang, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(Math.max(size / 1e6, 0.1));
  const words = Object.assign(document.createElement("span"), { role: "status", textContent: `${uploading} ${amount}` });
  const bar = Object.assign(document.createElement("progress"), { className: "progress", max: 1 });
  bar.setAttribute("aria-label", uploading);
  said.append(words, " ", Object.assign(document.createElement("b"), { className: "share num" }), bar);
  (form.querySelector(".actions") ?? form.lastElementChild).before(said);
  said.scrollIntoView({ block: "nearest" });
  return said;
}

function draw(said, part) {
  said.querySelector("progress").value = part;
  said.querySelector(".share").textContent = `${Math.floor(part * 100)}%`;
  if (part === 1) said.querySelector("[role=status]").textContent = document.body.dataset.uploaded;
}

/** Let the browser send a form, as if nobody had looked on. */
function sendPlainly(form, submitter) {
  if (submitter?.name) {
    const { name, value } = submitter;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  HTMLFormElement.prototype.submit.call(form);
}

/** Load a page, though it may be this one at another place of it. */
function goTo(next) {
  const isHere = next.pathname + next.search === location.pathname + location.search;
  if (!isHere) return location.assign(next);
  history.replaceState(null, "", next);
  location.reload();
}

/** Leave chosen files in their inputs: only what is wrong has to be changed. */
function keepFiles(form, main) {
  for (const { id, files } of form.querySelectorAll("input[type=file][id]")) {
    const again = files.length ? main.querySelector(`input[type=file][id="${CSS.escape(id)}"]`) : null;
    if (again) again.files = files;
  }
}

/** Show the page that says why a form was refused; false where the answer is no page. */
function showRefused(form, html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const main = answer.querySelector("main");
  if (!main) return false;
  keepFiles(form, main);
  document.title = answer.title;
  const shown = document.adoptNode(main);
  document.querySelector("main").replaceWith(shown);
  document.dispatchEvent(new CustomEvent("main:shown", { detail: shown }));
  for (const { src } of answer.querySelectorAll("script[data-draws]")) {
    document.body.append(Object.assign(document.createElement("script"), { src }));
  }
  const said = shown.querySelector("[role=alert], .error") ?? shown;
  said.tabIndex = -1;
  said.focus();
  return true;
}

/** Send a form and tell how far it is; an answer that leads elsewhere is followed. */
function sendWatched(form, submitter, progress, failed) {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.setRequestHeader("X-Percent", "yes");
  request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
  request.onload = () => {
    const next = request.getResponseHeader("X-Location");
    if (next) goTo(new URL(next, location.href));
    else if (!showRefused(form, request.responseText)) sendPlainly(form, submitter);
  };
  request.onerror = failed;
  request.send(new FormData(form, submitter));
}

/** Take out the files that cannot be read any more; return the first of them. */
async function takeOutChanged(form) {
  let changed;
  for (const input of form.querySelectorAll("input[type=file]:enabled")) {
    for (const file of input.files) {
      if (await isReadable(file)) continue;
      changed ??= file;
      input.value = "";
    }
  }
  return changed;
}

/** Watch the forms that take a file along. */
export function startUploading() {
  if (!uploading) return;
  window.addEventListener("submit", (event) => {
    const form = event.target;
    const files = [...form.querySelectorAll("input[type=file]:enabled")].flatMap((input) => [...input.files]);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (event.defaultPrevented || !size) return;
    let shown = null;
    let part = 0;
    const isWatched = form.dataset.percent !== undefined;
    form.querySelector(".upload-lost")?.remove();
    const timer = setTimeout(() => {
      shown = note(form, size);
      if (isWatched) draw(shown, part);
    }, A_SECOND);
    const end = () => {
      clearTimeout(timer);
      shown?.remove();
    };
    // The page lives on where the answer is a file, or where it is taken back from the browser's memory.
    window.addEventListener("pageshow", end, { once: true });
    if (!isWatched) return;
    event.preventDefault();
    const draws = (now) => {
      part = now;
      if (shown) draw(shown, part);
    };
    const fails = (changed) => {
      end();
      form.dispatchEvent(new Event("sending:failed"));
      sayLost(form, changed ? sayChanged(changed) : document.body.dataset.lost);
    };
    const { submitter } = event;
    takeOutChanged(form).then((changed) => {
      if (changed) fails(changed);
      else sendWatched(form, submitter, draws, async () => fails(await takeOutChanged(form)));
    });
  });
}

/** Say why nothing was sent: the connection was lost, or a file changed. The rest still stands in the form. */
function sayLost(form, textContent) {
  const said = form.querySelector(".upload-lost") ?? document.createElement("p");
  Object.assign(said, { className: "note note-late upload-lost", role: "alert", textContent });
  (form.querySelector(".actions") ?? form.lastElementChild).before(said);
}
