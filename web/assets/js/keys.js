// Keys of the inbox: j and k move, Enter opens, c claims, e goes to the primary button, / searches, ? explains.

const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

function move(step) {
  const links = [...document.querySelectorAll(".row > a")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const current = at >= 0 ? at : links.findIndex((link) => link.closest("[aria-current]"));
  links[Math.min(links.length - 1, Math.max(0, current + step))].focus();
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  c: () => document.querySelector("[data-key=c]")?.click(),
  e: () => document.querySelector("[data-primary]")?.focus(),
  "/": () => document.querySelector("[data-key=search]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};

/** Listen for keys outside of fields; Ctrl+Enter sends the form one is in. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey && event.target.form) {
      event.target.form.requestSubmit(event.target.form.querySelector("[data-primary]"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const action = ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
