// Lists in which several things are chosen: one box chooses all.

/** Wake up the forms that act on several chosen rows. */
export function startSeveral() {
  for (const form of document.querySelectorAll("form[data-several]")) {
    const all = form.querySelector("[data-all]");
    if (!all) continue;
    const whole = all.querySelector("input");
    const count = form.querySelector("[data-chosen]");
    const boxes = () => [...form.elements].filter((one) => one.matches("input[name=task]"));
    const seen = () => boxes().filter((one) => one.closest("tr, li, .row")?.checkVisibility() ?? true); // none unseen
    all.hidden = false;
    // The boxes may stand outside of the form that they belong to.
    document.addEventListener("change", (event) => {
      if (event.target.form !== form) return;
      if (event.target === whole) for (const box of whole.checked ? seen() : boxes()) box.checked = whole.checked;
      const chosen = boxes().filter((box) => box.checked).length;
      whole.checked = chosen > 0 && chosen >= seen().length;
      whole.indeterminate = chosen > 0 && !whole.checked;
      if (count) count.textContent = chosen || "";
    });
  }
}
