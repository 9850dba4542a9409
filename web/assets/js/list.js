// The list of the inbox: counts that stay fresh, new work that announces itself, and more lines below.
import { toast } from "./toast.js";

const OFTEN = 20_000;
const seen = new Set(); // tasks that were in the list, or done with, since the page was opened

let views = null;
let timer = 0;
let last = "";

const lines = (part) => part.querySelectorAll(".row[data-task]");

/** Note the tasks that are in the list, so that they never count as new. */
function note(part) {
  for (const row of lines(part)) seen.add(row.dataset.task);
}

function drawCounts(page) {
  const fresh = page.querySelector("[data-views]");
  if (!fresh) return;
  const focused = views.contains(document.activeElement) && document.activeElement.dataset.view;
  views.replaceChildren(...fresh.childNodes);
  if (focused) views.querySelector(`[data-view="${focused}"]`)?.focus();
  for (const chip of document.querySelectorAll(".view-chips [data-view]")) {
    const number = views.querySelector(`[data-view="${chip.dataset.view}"] [data-number]`);
    if (number) chip.querySelector("[data-number]").textContent = number.textContent;
  }
}

/** Draw the saved filters anew, unless somebody has the focus there. */
function drawFilters(page) {
  const fresh = page.querySelector("[data-filters]");
  const shown = document.querySelector(".filter-chips");
  if (!fresh || !shown || shown.contains(document.activeElement)) return;
  shown.replaceChildren(...fresh.childNodes);
  shown.hidden = !shown.querySelector("a");
}

/** Show the reminders whose moment has come, unless somebody has the focus there. */
function drawDue(page) {
  const fresh = page.querySelector("[data-reminders]");
  const shown = document.querySelector(".due-list");
  if (!fresh || !shown || shown.contains(document.activeElement)) return;
  const ids = (part) => [...part.querySelectorAll("[data-task]")].map((one) => one.dataset.task).join();
  if (ids(fresh) !== ids(shown)) shown.replaceChildren(...fresh.childNodes);
}

/** Say how many tasks came; they are shown when somebody asks, so that nothing moves under the cursor. */
function announce(page) {
  const came = (page.querySelector("[data-came]")?.dataset.came ?? "").split(" ").filter(Boolean);
  const count = came.filter((task) => !seen.has(task)).length;
  const bar = document.querySelector("[data-fresh]");
  if (!bar) return;
  const words = bar.dataset.fresh.replace("0", count);
  if (count && bar.textContent !== words) bar.textContent = words;
  bar.hidden = count === 0;
}

function sayOver() {
  clearInterval(timer);
  toast(views.dataset.over, { kind: "late", link: { address: views.dataset.signIn, label: views.dataset.signInLabel } });
}

/** Ask for the counts; an answer that is the same as the last one changes nothing. */
async function poll() {
  if (document.hidden) return;
  const answer = await fetch(views.dataset.poll, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.status === 401) sayOver();
  if (!answer?.ok) return;
  const text = await answer.text();
  if (text !== last) {
    const page = document.createElement("template");
    page.innerHTML = text;
    drawCounts(page.content);
    drawFilters(page.content);
    drawDue(page.content);
    announce(page.content);
  }
  last = text;
}

/** Show the list anew, with what came, and the open task still open. */
function refresh(htmx) {
  const list = document.getElementById("list");
  const address = new URL(location.href);
  address.searchParams.delete("after");
  const open = document.querySelector(".row.is-open")?.id;
  htmx
    .ajax("GET", address.pathname + address.search, { source: list, target: list, select: "#list", swap: "outerHTML" })
    .then(() => {
      note(document);
      const row = (open && document.getElementById(open)) || document.querySelector(".row");
      row?.querySelector("a").focus();
    });
}

/** Keep counts and announcements going, and lines that are asked for below the last one. */
export function startList(htmx) {
  views = document.querySelector(".views[data-poll]");
  if (!views) return;
  note(document);
  timer = setInterval(poll, OFTEN);
  document.addEventListener("visibilitychange", poll);
  document.addEventListener("list:changed", () => {
    last = "";
    poll();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-fresh]")) refresh(htmx);
  });
  let before = null;
  document.addEventListener("htmx:before:swap", ({ detail }) => {
    if (detail.ctx.target?.classList.contains("row-more")) before = detail.ctx.target.previousElementSibling;
  });
  document.addEventListener("htmx:after:swap", () => {
    note(document);
    before?.nextElementSibling?.querySelector("a")?.focus({ preventScroll: true });
    before = null;
  });
}
