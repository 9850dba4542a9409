// Time left: counts down between two loads of the page, by the server's clock.

const words = document.body.dataset;
const A_MINUTE = 60_000;
const offset = words.now ? Date.parse(words.now) - Date.now() : 0;

/** Put a span of milliseconds into the words of the page's language, in at most two units. */
export function span(milliseconds) {
  const minutes = Math.floor(milliseconds / A_MINUTE);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = minutes % 60;
  const say = (number, unit) => words[unit].replace("0", number);
  if (days > 0) return say(days, "day") + (hours ? words.gap + say(hours, "hour") : "");
  if (hours > 0) return say(hours, "hour") + (rest ? words.gap + say(rest, "minute") : "");
  return say(Math.max(rest, 0), "minute");
}

function tick() {
  const now = Date.now() + offset;
  for (const clock of document.querySelectorAll("[data-due]")) {
    const due = Date.parse(clock.dataset.due);
    const late = now > due;
    const soon = !late && now >= Date.parse(clock.dataset.soon);
    clock.classList.toggle("left-late", late);
    clock.classList.toggle("left-soon", soon);
    clock.classList.toggle("left-fine", !late && !soon);
    const far = Math.abs(due - now);
    if (far < A_MINUTE) clock.textContent = late ? words.justLate : words.justLeft;
    else clock.textContent = (late ? words.late : words.left).replace("0", span(far));
  }
}

/** Keep every clock of the page going. */
export function startClocks() {
  tick();
  setInterval(tick, 10_000);
}
