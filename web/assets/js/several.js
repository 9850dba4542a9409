// Lists in which several things are chosen: one box chooses all; of each person it says how many they may take.

/** Say of each person how many of the chosen steps they may take, and offer nobody who may take none. */
function countFor(choice, boxes) {
  const chosen = boxes.filter((box) => box.checked);
  const counted = chosen.length ? chosen : boxes;
  const takers = counted.map((box) => box.dataset.takers.split(" "));
  for (const one of choice.options) {
    if (!one.value) continue;
    const count = takers.filter((ids) => ids.includes(one.value)).length;
    one.textContent = `${one.dataset.name} ${count}/${counted.length}`;
    one.disabled = one.hidden = count === 0;
    if (one.disabled && one.selected) choice.value = "";
  }
}

/** Wake up the forms that act on several chosen rows. */
export function startSeveral() {
  for (const form of document.querySelectorAll("form[data-several]")) {
    const all = form.querySelector("[data-all]");
    if (!all) continue;
    const whole = all.querySelector("input");
    const count = form.querySelector("[data-chosen]");
    const receivers = form.querySelector("[data-receivers]");
    const boxes = () => [...form.elements].filter((one) => one.matches("input[name=task]"));
    const seen = () => boxes().filter((one) => one.closest("tr, li, .row")?.checkVisibility() ?? true); // none unseen
    all.hidden = false;
    const tell = (changed) => {
      const chosen = boxes().filter((box) => box.checked).length;
      whole.checked = chosen > 0 && chosen >= seen().length;
      whole.indeterminate = chosen > 0 && !whole.checked;
      if (count) count.textContent = chosen || "";
      if (receivers && changed !== receivers) countFor(receivers, boxes());
    };
    // The boxes may stand outside of the form that they belong to.
    document.addEventListener("change", (event) => {
      if (event.target.form !== form) return;
      if (event.target === whole) for (const box of whole.checked ? seen() : boxes()) box.checked = whole.checked;
      tell(event.target);
    });
    if (boxes().some((box) => box.checked)) tell(); // they come back ticked after a refusal
  }
}
