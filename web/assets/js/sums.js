// Sums: what the amounts of a form come to, as the server will add them up. Counts in whole fen.

/** Price times quantity, rounded half up; quantities have two decimals at most. */
function amount(fen, quantity) {
  return Math.floor((Math.round(Number(quantity || 0) * 100) * fen + 50) / 100);
}

const fenOf = (field) => Math.round(Number(field?.value || 0) * 100);

function lineOf(item) {
  const one = (key) => item.querySelector(`[name$=".${key}"]:not(:disabled)`);
  const listed = one("price_code")?.selectedOptions[0]?.dataset.fen;
  return amount(listed === undefined ? fenOf(one("price")) : Number(listed), one("quantity")?.value);
}

/** Add up a form; null where nothing in it is added up. */
export function sumOf(form) {
  const parts = [...form.querySelectorAll("[data-adds]")];
  if (!parts.length) return null;
  const lines = parts.flatMap((part) => [...part.querySelectorAll(".line-item:not([hidden])")]);
  const plain = parts.filter((part) => part.matches("input:not(:disabled)"));
  return [...lines.map(lineOf), ...plain.map(fenOf)].reduce((sum, fen) => sum + fen, 0);
}

/** Show below part of a page what each form comes to, as it is filled in. */
export function wakeSums(part) {
  for (const place of part.querySelectorAll("[data-sum]")) {
    const form = place.closest("form");
    const show = () => (place.querySelector("[data-sum-amount]").textContent = `¥${yuan(sumOf(form))}`);
    place.hidden = false;
    form.addEventListener("input", show);
    show();
  }
}

/** Write an amount as the server does: 123456 fen is 1,234.56. */
export const yuan = (fen) => `${Math.floor(fen / 100).toLocaleString("en-US")}.${String(fen % 100).padStart(2, "0")}`;
