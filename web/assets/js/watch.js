// Looks now and then whether something happened to what the page shows, and shows it without losing what was typed.

const EVERY = 30_000;

/** Tell whether somebody has begun to fill in a form of the page. */
function isBegun() {
  return [...document.querySelectorAll("main form")].some((form) =>
    [...form.elements].some((field) =>
      field.type === "radio" || field.type === "checkbox"
        ? field.checked !== field.defaultChecked
        : field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue,
    ),
  );
}

function announce(page) {
  if (document.querySelector(".news")) return;
  const link = document.createElement("a");
  link.className = "news";
  link.href = location.href;
  link.setAttribute("aria-live", "polite"); // a role of its own would take its name as a link
  link.textContent = page.dataset.news;
  page.prepend(link);
}

/** Ask for the state of the page while it is looked at; an answer without news costs nothing. */
export function startWatching() {
  const page = document.querySelector("[data-watch]");
  if (!page) return;
  const look = async () => {
    if (document.hidden) return;
    const headers = { "If-None-Match": `"${page.dataset.version}"` };
    const answer = await fetch(page.dataset.watch, { headers, redirect: "error" }).catch(() => null);
    if (answer?.status !== 200) return;
    if (isBegun()) announce(page);
    else location.reload();
  };
  setInterval(look, Number(page.dataset.every ?? EVERY));
  document.addEventListener("visibilitychange", look);
}
