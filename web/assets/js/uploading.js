// A file that goes along with its form: where that takes over a second, the page says what is on its way and how big.
const A_SECOND = 1000;

function note(form, size) {
  const said = document.createElement("p");
  said.className = "note uploading";
  said.role = "status";
  const { lang } = document.documentElement;
  const amount = new Intl.NumberFormat(lang, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(size / 1e6);
  const bar = Object.assign(document.createElement("progress"), { className: "progress" });
  bar.setAttribute("aria-label", document.body.dataset.uploading);
  said.append(`${document.body.dataset.uploading} ${amount}`, bar);
  (form.querySelector(".actions") ?? form.lastElementChild).before(said);
  said.scrollIntoView({ block: "nearest" });
  return said;
}

/** Watch the forms that the browser itself sends. */
export function startUploading() {
  if (!document.body.dataset.uploading) return;
  window.addEventListener("submit", (event) => {
    const form = event.target;
    const files = [...form.querySelectorAll("input[type=file]:enabled")].flatMap((input) => [...input.files]);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (event.defaultPrevented || !size) return;
    let shown = null;
    const timer = setTimeout(() => (shown = note(form, size)), A_SECOND);
    // The page lives on where the answer is a file, or where it is taken back from the browser's memory.
    window.addEventListener("pageshow", () => {
      clearTimeout(timer);
      shown?.remove();
    }, { once: true });
  });
}
