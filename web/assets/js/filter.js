// A long list on a small screen: shows the lines that hold what was typed.

/** Offer a field above each list that can be filtered. */
export function startFilters(part) {
  for (const area of part.querySelectorAll("[data-filtered]")) {
    const field = area.querySelector("[data-filter]");
    area.querySelector("[data-filter-box]").hidden = false;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const line of area.querySelectorAll("[data-filter-text]")) {
        line.hidden = !line.dataset.filterText.toLowerCase().includes(wanted);
      }
    });
  }
}
