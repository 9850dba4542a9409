// Lists in a form, such as the parts of a quote: one line to begin with, more at a press.

/** Let lines be added to the lists below a part of the page. */
export function wakeLines(part) {
  for (const list of part.querySelectorAll("[data-lines]")) {
    if (list.dataset.awake) continue;
    list.dataset.awake = "yes";
    const add = list.querySelector("[data-add-line]");
    add.hidden = false;
    // Without scripts three lines wait to be filled in; here one is enough to begin with.
    const empty = (line) => [...line.querySelectorAll("input, select")].every((field) => !field.value);
    for (const line of [...list.querySelectorAll(".line-item:not([hidden])")].slice(1)) {
      if (!empty(line)) continue;
      line.hidden = true;
      for (const field of line.querySelectorAll("input, select")) field.disabled = true;
    }
    list.addEventListener("input", (event) => {
      for (const field of event.target.closest(".line-item")?.querySelectorAll("[data-default]") ?? []) {
        if (!field.value && field !== event.target) field.value = field.dataset.default;
      }
    });
    add.addEventListener("click", () => {
      const next = list.querySelector(".line-item[hidden]");
      if (!next) return;
      next.hidden = false;
      for (const field of next.querySelectorAll("[disabled]")) field.disabled = false;
      next.querySelector("input, select").focus();
      add.disabled = !list.querySelector(".line-item[hidden]");
    });
  }
}
