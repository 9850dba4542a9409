// New work on the page of repair staff: says that it is there, over the page, and moves nothing under the thumb.

const EVERY = 30_000;

/** Count what came and is not on the page yet, and offer to show it. */
function announce(page, came) {
  const shown = new Set([...page.querySelectorAll("[data-task]")].map((job) => job.dataset.task));
  const count = came.filter((task) => !shown.has(task)).length;
  const link = page.querySelector("[data-fresh-news]");
  const words = link.dataset.freshNews.replace("0", count);
  if (count && link.textContent !== words) link.textContent = words;
  link.hidden = count === 0;
}

/** Ask now and then while the page is looked at; an answer without news costs nothing. */
export function startFresh() {
  const page = document.querySelector("[data-fresh-poll]");
  if (!page) return;
  const ask = async () => {
    if (document.hidden) return;
    const answer = await fetch(page.dataset.freshPoll, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) announce(page, await answer.json());
  };
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
