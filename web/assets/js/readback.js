// What a clerk reads back to a caller: a sentence that fills itself from the form.
import { sayField } from "./outbox.js";

const NOBODY = new Set(["other", "none"]); // choices that only lead to another field
const QUIET = /[，。：\s]+(?=[，。：？])/gu;

function said(form, key) {
  const data = new FormData(form);
  const value = data.get(key);
  if (!value || NOBODY.has(value)) return "";
  const text = sayField(form, key, value)?.[1] ?? "";
  return /^\d{11}$/.test(text) ? text.replace(/(\d{3})(\d{4})(\d{4})/, "$1 $2 $3") : text;
}

/** Fill the sentences below a part of the page as their forms are filled in. */
export function wakeReadBack(part) {
  for (const place of part.querySelectorAll("[data-read-back]")) {
    const form = place.closest("form");
    const read = () => {
      const text = place.dataset.readBack.replace(/\{(\w+)\}/g, (_, key) => said(form, key));
      place.querySelector("[data-read]").textContent = text.replace(/ +/g, " ").replace(QUIET, "").replace(/(?<=[，。：]) +/gu, "");
      place.hidden = !said(form, "description");
    };
    form.addEventListener("input", read);
    read();
  }
}
