// An urgent call on the page: rings, shakes and fills the screen until somebody, here or elsewhere, has heard it.

const EVERY = 10_000;
const TONE = { high: 960, low: 720, seconds: 0.35 };
const SHAKE = [400, 150, 400, 150, 400];

const dialog = document.getElementById("ring");
let audio = null;
let sounding = 0;

/** Browsers let a page sound only after somebody touched it. */
function unlock() {
  audio ??= window.AudioContext ? new AudioContext() : null;
  audio?.resume();
  dialog.querySelector("[data-ring-mute]").hidden = true;
}

function tone(frequency, at) {
  const [source, volume] = [audio.createOscillator(), audio.createGain()];
  source.frequency.value = frequency;
  source.type = "square";
  volume.gain.value = 0.25;
  source.connect(volume).connect(audio.destination);
  source.start(at);
  source.stop(at + TONE.seconds);
}

function sound() {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(SHAKE);
  const isMute = audio?.state !== "running";
  dialog.querySelector("[data-ring-mute]").hidden = !isMute;
  if (isMute) return;
  tone(TONE.high, audio.currentTime);
  tone(TONE.low, audio.currentTime + TONE.seconds);
}

function fallSilent() {
  if (sounding && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(0);
  clearInterval(sounding);
  sounding = 0;
  if (dialog.open) dialog.close();
}

function ring([first, ...others]) {
  dialog.querySelector("form").action = dialog.dataset.heard.replace("NUMBER", first.number);
  dialog.querySelector("[data-ring-title]").textContent = first.title;
  dialog.querySelector("[data-ring-place]").textContent = first.place;
  dialog.querySelector("[data-ring-number]").textContent = first.number;
  const more = dialog.querySelector("[data-ring-more]");
  more.hidden = !others.length;
  more.textContent = more.dataset.words.replace("0", others.length);
  if (!dialog.open) dialog.showModal();
  if (sounding) return;
  sound();
  sounding = setInterval(sound, 1_500);
}

async function ask() {
  const answer = await fetch(dialog.dataset.poll, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const calls = await answer.json();
  if (calls.length) ring(calls);
  else fallSilent();
}

/** Listen for urgent calls as long as the page is open. */
export function startRinging() {
  if (!dialog) return;
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, unlock);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  ask();
  setInterval(ask, EVERY);
}
