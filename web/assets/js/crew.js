// A step on the phone: the ways it can end as buttons near the thumb, one tap to call, the map of the device.
import { post } from "./post.js";

const SHOWN = 60_000; // a number that was looked up is masked again

/** Show what was chosen: its fields where it has any, and the buttons of the other ways. */
function choose(form, ways, value) {
  const option = form.querySelector(`[name=outcome][value="${CSS.escape(value)}"]`);
  option.checked = true;
  option.dispatchEvent(new Event("input", { bubbles: true }));
  const empty = [...form.querySelectorAll(".field:not([hidden]) :is(input, select, textarea):required")];
  const isEmpty = (field) => (field.type === "checkbox" ? !field.checked : !field.value);
  const next = empty.find((field) => !field.disabled && isEmpty(field) && field.type !== "radio");
  (next ?? form.querySelector(`.field:not([hidden]) [data-way-field]`))?.focus();
  next?.closest(".field").scrollIntoView({ block: "center" });
}

function openMore(button) {
  const more = document.getElementById(button.dataset.opensMore);
  if (!more) return;
  more.open = true;
  const check = button.dataset.check && more.querySelector(`[value="${button.dataset.check}"]`);
  if (check) check.checked = true;
  more.scrollIntoView({ block: "start" });
  more.querySelector("select, input:not([type=hidden]):not([type=radio])")?.focus({ preventScroll: true });
}

function wakeWays(form) {
  const ways = form.querySelector("[data-ways]");
  if (!ways) return;
  ways.hidden = false;
  form.classList.add("has-ways");
  const update = () => {
    const chosen = form.querySelector("[name=outcome]:checked")?.value;
    for (const way of ways.querySelectorAll("[data-way]")) way.hidden = way.dataset.way === chosen;
  };
  ways.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.way) choose(form, ways, button.dataset.way);
    else if (button) openMore(button);
  });
  form.addEventListener("input", update);
  update();
}

/** Look the number up, which the server writes down first, and dial it. */
function wakeCall(form) {
  const place = form.querySelector("[data-number]");
  const masked = place.textContent;
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const { status, data } = await post(form.action, new URLSearchParams(new FormData(form)));
    form.dispatchEvent(new CustomEvent("sending:failed")); // it may be pressed again
    if (status === 0) return;
    if (status !== 200 || !data.phone) {
      HTMLFormElement.prototype.submit.call(form); // the page says why not
      return;
    }
    place.textContent = `${data.name} ${data.phone}`;
    setTimeout(() => (place.textContent = masked), SHOWN);
    location.assign(`tel:${data.phone}`);
  });
}

/** Only Android hands geo: addresses to a map of its own. */
function wakeMap(link) {
  if (/Android/.test(navigator.userAgent)) return;
  link.href = link.dataset.webMap;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
}

/** Leave as much room below the page as the bar of the step takes, and no more. */
function makeRoom(bar) {
  new ResizeObserver(() => document.documentElement.style.setProperty("--thumb", `${bar.offsetHeight}px`)).observe(bar);
}

const small = window.matchMedia("(max-width: 819px)");

/** Wake the steps of repair staff below a part of the page. */
export function wakeCrew(part) {
  for (const form of part.querySelectorAll("form[data-task-form]")) wakeWays(form);
  for (const more of part.querySelectorAll("[data-fold=yes]")) more.open = !small.matches;
  for (const bar of part.querySelectorAll(".has-ways .thumb")) makeRoom(bar);
  for (const form of part.querySelectorAll("form[data-call]")) wakeCall(form);
  for (const link of part.querySelectorAll("a[data-web-map]")) wakeMap(link);
  // The bottom bar of the site makes room for the one of the step.
  if (part === document) document.body.classList.toggle("has-thumb", Boolean(part.querySelector(".crew-task .thumb")));
}
