// Lists in which several things are chosen: one box chooses all.

/** Wake up the forms that act on several chosen rows. */
export function startSeveral() {
  for (const form of document.querySelectorAll("form[data-several]")) {
    const all = form.querySelector("[data-all]");
    if (!all) continue;
    const whole = all.querySelector("input");
    const boxes = () => [...form.querySelectorAll("input[name=task]")];
    all.hidden = false;
    whole.addEventListener("change", () => {
      for (const box of boxes()) box.checked = whole.checked;
    });
    form.addEventListener("change", (event) => {
      if (event.target === whole) return;
      const chosen = boxes().filter((box) => box.checked).length;
      whole.checked = chosen === boxes().length;
      whole.indeterminate = chosen > 0 && !whole.checked;
    });
  }
}
