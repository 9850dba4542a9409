// Proposes houses below a field while their address is being typed; the field works the same without.
import { post } from "./post.js";

const LONGEST = 20;

function option(house, isShort) {
  const line = document.createElement("option");
  line.value = isShort ? house.short : house.address;
  line.label = isShort ? `${house.address} ${house.community}` : house.community;
  return line;
}

async function propose(field, list) {
  const text = field.value.trim();
  if (!/\d/.test(text) || text.length > LONGEST || text === list.dataset.asked) return;
  list.dataset.asked = text;
  const body = new FormData();
  body.append("q", text);
  const { status, data } = await post(field.dataset.suggest, body);
  if (status !== 200 || field.value.trim() !== text) return;
  const isShort = /^[\dA-Za-z/-]+$/.test(text);
  list.replaceChildren(...data.houses.map((house) => option(house, isShort)));
}

/** Give each field of an address a list of the houses that begin so. */
export function startSuggestions() {
  for (const field of document.querySelectorAll("[data-suggest]")) {
    const list = document.createElement("datalist");
    list.id = `${field.id}-houses`;
    field.after(list);
    field.setAttribute("list", list.id);
    field.addEventListener("input", () => propose(field, list));
  }
}
