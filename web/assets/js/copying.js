// Copies what was typed and not taken, label and text line by line.

/** Wake up the buttons that copy, below a part of the page. */
export function wakeCopying(part) {
  for (const button of part.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const list = document.getElementById(button.dataset.copy);
      const lines = [...list.querySelectorAll("dt")].map(
        (label) => `${label.textContent.trim()}: ${label.nextElementSibling.textContent.trim()}`,
      );
      await navigator.clipboard.writeText(lines.join("\n"));
      button.textContent = button.dataset.copied;
    });
  }
}
