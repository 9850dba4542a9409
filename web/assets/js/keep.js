// A report that is being written: kept on the server a moment after typing, so that reloading the page, or a session
// that ends in the middle, loses nothing.
import { postParting } from "./post.js";

const MOMENT = 800;

function fieldsOf(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf_token");
}

/** Keep what is typed into the forms of the page that ask for it. */
export function startKeeping() {
  for (const form of document.querySelectorAll("form[data-keep]")) {
    let timer = 0;
    const save = () => {
      clearTimeout(timer);
      if (timer && !form.dataset.sent) postParting(form.dataset.keep, fieldsOf(form));
      timer = 0;
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(save, MOMENT);
    });
    for (const kind of ["beforeunload", "pagehide"]) window.addEventListener(kind, save);
    document.addEventListener("visibilitychange", () => document.hidden && save());
  }
}
