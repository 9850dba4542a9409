// Dialogs: a button with data-opens="<id>" opens one; a click beside it closes it, as Esc does.
// data-toast="..." on a button says a message in passing.
import { toast } from "./toast.js";

/** Listen for buttons that open dialogs, print, or say something. */
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    const speaker = event.target.closest("[data-toast]");
    if (speaker) toast(speaker.dataset.toast, { kind: speaker.dataset.toastKind ?? "" });
    if (event.target.matches("dialog.dialog[open]")) event.target.close();
  });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  // A menu closes when something else is pressed.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}
