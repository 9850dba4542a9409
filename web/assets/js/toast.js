// Short messages above the page: said to screen readers too, gone after a while, longer while pointed at.

const STAYS = 6_000;

/** Say something in passing. link: {address, label}; kind: "" or "late". */
export function toast(text, { kind = "", link = null } = {}) {
  const place = document.getElementById("toasts");
  if (!place) return null;
  const message = document.createElement("p");
  message.className = kind ? `toast toast-${kind}` : "toast";
  const words = document.createElement("span");
  words.textContent = text;
  message.append(words);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.address;
    anchor.textContent = link.label;
    message.append(anchor);
  }
  const leave = () => {
    if (message.matches(":hover, :focus-within")) setTimeout(leave, STAYS);
    else message.remove();
  };
  place.append(message);
  setTimeout(leave, STAYS);
  return message;
}
