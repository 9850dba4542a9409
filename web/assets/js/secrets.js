// Numbers in clear leave the page when their time is over, when one leaves it, and before the browser keeps it.

function wipe() {
  for (const secret of document.querySelectorAll("[data-secret]")) {
    const words = document.createElement("p");
    words.className = "card-body muted";
    words.textContent = secret.dataset.gone;
    secret.replaceChildren(words);
    secret.removeAttribute("data-secret");
  }
}

/** Keep watch over what a page shows in clear. */
export function guardSecrets() {
  const secret = document.querySelector("[data-secret]");
  if (!secret) return;
  // Whoever comes back or loads again is asked anew, instead of about sending a form twice.
  history.replaceState(null, "", location.href);
  setTimeout(wipe, Number(secret.dataset.secret) * 1000);
  addEventListener("pagehide", wipe);
  addEventListener("pageshow", (event) => event.persisted && wipe());
}
