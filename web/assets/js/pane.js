// The task beside the list: a third column on a wide screen, a drawer on a narrower one, a page on a phone.
import { flushAll } from "./drafts.js";
import { toast } from "./toast.js";

const beside = window.matchMedia("(min-width: 820px)");
const drawer = window.matchMedia("(min-width: 820px) and (max-width: 1199px)");

let pane = null;

const rowOf = (task) => (task ? document.getElementById(`row-${task}`) : null);

/** Tell which line of the list is open. */
function mark(task) {
  for (const row of document.querySelectorAll(".row.is-open")) {
    row.classList.remove("is-open");
    row.querySelector("a").removeAttribute("aria-current");
  }
  const row = rowOf(task);
  row?.classList.add("is-open");
  row?.querySelector("a").setAttribute("aria-current", "true");
  row?.scrollIntoView({ block: "nearest" });
  const address = new URL(location.href);
  if (task) address.searchParams.set("task", task);
  else address.searchParams.delete("task");
  history.replaceState(history.state, "", address);
}

/** Open the task of a line of the list; returns false where its page should be opened instead. */
export function openRow(htmx, link) {
  if (!pane || !beside.matches || !("open" in link.dataset)) return false;
  const { task } = link.closest("[data-task]").dataset;
  mark(task);
  show();
  load(htmx, link.href);
  return true;
}

function show() {
  document.body.classList.add("has-pane");
}

/** Close the drawer and go back to the line it was opened from. */
export function closePane() {
  if (!pane || !document.body.classList.contains("has-pane")) return;
  const row = document.querySelector(".row.is-open > a");
  flushAll(pane);
  document.body.classList.remove("has-pane");
  if (drawer.matches) mark(null);
  (row ?? document.querySelector(".row > a"))?.focus();
}

/** After something was done: say it, take the line out of the list, go on where the server leads. */
function follow(wake) {
  pane.removeAttribute("aria-busy");
  wake(pane);
  pane.scrollTop = 0;
  const told = pane.querySelector("[data-told]");
  const task = pane.querySelector("[data-task]")?.dataset.task;
  if (told?.textContent) toast(told.textContent);
  if (task !== undefined) mark(task || null);
  if (!told?.textContent) {
    // The line was drawn anew under the focus: without this, arrows would move nothing.
    if (document.activeElement === document.body) document.querySelector(".row.is-open > a")?.focus({ preventScroll: true });
    return;
  }
  rowOf(told.dataset.left)?.remove();
  document.dispatchEvent(new CustomEvent("list:changed"));
  const place = document.querySelector(".row.is-open > a") ?? pane.querySelector("h1, [data-task='']");
  place?.focus({ preventScroll: true });
}

/** Go on in the third column after the outbox had an answer for the form that stands there. */
function goOn(htmx, { left, task, next, said }) {
  rowOf(left)?.remove();
  if (said) toast(said);
  document.dispatchEvent(new CustomEvent("list:changed"));
  if (!task) {
    pane.replaceChildren(document.querySelector("[data-nothing-left]").content.cloneNode(true));
    mark(null);
    pane.focus();
    return;
  }
  mark(task);
  (document.querySelector(".row.is-open > a") ?? pane).focus({ preventScroll: true });
  load(htmx, next);
}

function load(htmx, address) {
  pane.setAttribute("aria-busy", "true");
  htmx.ajax("GET", address, { target: pane, swap: "innerHTML", source: pane });
}

/** A form of this column is sent by the outbox: its answer is shown here, not on a page of its own. */
function listenToOutbox(htmx) {
  pane.addEventListener("outbox:answered", (event) => {
    const { fate, data, isPhoto, more } = event.detail;
    if (fate === "sent") goOn(htmx, data);
    else if (fate === "refused" && !isPhoto) {
      more();
      htmx.ajax("POST", event.target.action, { target: pane, swap: "innerHTML", source: event.target });
    } else return;
    event.preventDefault();
  });
  document.addEventListener("outbox:sent", (event) => {
    const { letter, data } = event.detail;
    if (!pane.querySelector(`form[data-page="${letter.page}"]`)) return;
    event.preventDefault();
    goOn(htmx, data);
  });
}

/** Let every request wait for the draft that is being kept, and tell forms whose request was lost. */
function listen(wake) {
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (!pane.contains(ctx.sourceElement)) return;
    ctx.fetch = async (...request) => {
      await flushAll(pane);
      return window.fetch(...request);
    };
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target === pane) follow(wake);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    pane.removeAttribute("aria-busy");
    const form = ctx.request.form;
    if (form?.isConnected && !ctx.response) form.dispatchEvent(new CustomEvent("sending:failed", { bubbles: true }));
  });
}

/** Open clicked lines beside the list where the screen is wide enough; on a phone the link is followed. */
export function startPane(htmx, wake) {
  pane = document.getElementById("pane");
  if (!pane) return;
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-pane]")) return closePane();
    const link = event.target.closest(".row > a[data-open], .due > a[data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return undefined;
    if (openRow(htmx, link)) event.preventDefault();
    return undefined;
  });
  listen(wake);
  listenToOutbox(htmx);
  if (pane.querySelector("[data-task]")) show();
}
