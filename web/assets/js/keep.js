// A report that is being written: kept on the server a moment after typing, so that reloading the page loses nothing.
// Where the session has ended the server hands what was typed back, sealed: it waits in this tab for the sign-in, which
// brings it along.
import { postParting } from "./post.js";

const MOMENT = 800;
const WAITING = "kept"; // sealed by the server: no script of any page can read it

function fieldsOf(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf_token");
}

/** Let the sign-in bring along what was typed after a session ended. */
function bringAlong() {
  const field = document.querySelector("input[name=kept]");
  const sealed = sessionStorage.getItem(WAITING);
  if (!field || !sealed) return;
  field.value ||= sealed;
  field.form.addEventListener("submit", () => sessionStorage.removeItem(WAITING));
}

/** Keep what is typed into the forms of the page that ask for it. */
export function startKeeping() {
  bringAlong();
  for (const form of document.querySelectorAll("form[data-keep]")) {
    let timer = 0;
    let moment = MOMENT;
    const save = async () => {
      clearTimeout(timer);
      if (!timer || form.dataset.sent) return;
      timer = 0;
      const answer = await postParting(form.dataset.keep, fieldsOf(form));
      if (answer.status !== 401) return;
      moment = 0;
      const { kept } = await answer.json();
      if (kept) sessionStorage.setItem(WAITING, kept);
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(save, moment);
    });
    const stop = () => {
      clearTimeout(timer);
      timer = 0;
    };
    for (const clearing of document.querySelectorAll("form[data-clears]")) clearing.addEventListener("submit", stop);
    for (const kind of ["beforeunload", "pagehide"]) window.addEventListener(kind, save);
    document.addEventListener("visibilitychange", () => document.hidden && save());
  }
}
