// The third column of the inbox: opens a task beside the list where the screen is wide enough.

const wide = window.matchMedia("(min-width: 1200px)");

/** Open the clicked task in the pane; on narrower screens the link is followed as it is. */
export function startPane(htmx, wake) {
  const pane = document.getElementById("pane");
  if (!pane) return;
  document.querySelector(".rows")?.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-pane]");
    if (!link || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    for (const row of document.querySelectorAll(".row[aria-current]")) row.removeAttribute("aria-current");
    link.closest(".row").setAttribute("aria-current", "true");
    htmx.ajax("GET", link.dataset.pane, { target: pane, swap: "innerHTML" });
  });
  pane.addEventListener("htmx:after:swap", () => {
    wake(pane);
    pane.scrollTop = 0;
  });
}
