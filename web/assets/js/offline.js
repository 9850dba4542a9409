// The page without a network: how many entries wait on this phone, and for how long; nothing that was typed.
import { envelopes } from "./vault.js";

const TRY_AGAIN = 3_000;
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });

function age(at) {
  const minutes = Math.round((Date.now() - at) / 60_000);
  return minutes < 60 ? words.format(-minutes, "minute") : words.format(-Math.round(minutes / 60), "hour");
}

async function list() {
  const kept = await envelopes();
  const items = kept.map(({ number, step, at }) =>
    Object.assign(document.createElement("li"), { textContent: `${step} ${number} · ${age(at)}` }),
  );
  document.querySelector("[data-waiting]").append(...items);
  document.querySelector("[data-some]").hidden = !items.length;
}

/** The browser says "online" before the network answers: ask the server itself. */
async function comeBack() {
  const answer = await fetch(document.body.dataset.alive, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

function listAll() {
  list().catch(() => setTimeout(listAll, TRY_AGAIN)); // the storage did not answer
}

listAll();
window.addEventListener("online", comeBack);
setInterval(comeBack, TRY_AGAIN);
