// The phone rings: F9 leads from any page, and out of any field, to the caller's number; Enter picks up.

const KEY = "F9";

/** Listen for the key; the desk's own page has the same field. */
export function startCalls() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || event.ctrlKey || event.altKey || event.metaKey) return;
    const fields = [...document.querySelectorAll("#caller, .bar-ring [name=caller]")];
    const field = fields.find((one) => one.offsetParent !== null);
    const way = document.querySelector("a.bar-call");
    if (!field && !way) return;
    event.preventDefault();
    if (!field) location.assign(way.href);
    field?.focus();
    field?.select();
  });
}
