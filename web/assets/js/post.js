// Sends something to the server in the background, with progress; tells what became of it, never throws.

const PATIENCE = 30_000;
const PATIENCE_FOR_FILES = 180_000;

const TOO_OLD = 400;

const meta = () => document.querySelector("meta[name=csrf-token]");
const token = () => meta()?.content ?? "";

/** Take the token of the session that is open now: the page may lie open since before somebody signed in again. */
async function renewToken() {
  const answer = await fetch("/account/token", { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return false;
  meta().content = (await answer.json()).token;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token();
  return true;
}

/** Send, and where the page's token is too old, once more with a new one. */
async function withToken(send) {
  const answer = await send();
  return answer.status === TOO_OLD && (await renewToken()) ? send() : answer;
}

/** Post a form; the status is 0 where no answer came. */
export function post(address, body, progress) {
  return withToken(() => sent(address, body, progress));
}

/** Post a few fields so that they arrive even if the page is being left. */
export function postParting(address, fields) {
  const headers = () => ({ Accept: "application/json", "X-CSRFToken": token() });
  const body = new URLSearchParams(fields);
  return withToken(() =>
    fetch(address, { method: "POST", body, keepalive: true, headers: headers() }).catch(() => ({ status: 0 })),
  );
}

function sent(address, body, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const answer = (status) => {
      let data = {};
      try {
        data = JSON.parse(request.responseText);
      } catch {
        // a page, or nothing
      }
      resolve({ status, data });
    };
    request.open("POST", address);
    let stalled = 0;
    const watch = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), PATIENCE_FOR_FILES);
    };
    if (progress) watch(); // a long video may take its time, as long as it gets on
    else request.timeout = PATIENCE;
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token());
    request.onloadend = () => clearTimeout(stalled);
    request.onload = () => answer(request.status);
    request.onerror = request.ontimeout = request.onabort = () => answer(0);
    if (progress) {
      request.upload.onprogress = (event) => {
        watch();
        progress(event.lengthComputable ? event.loaded / event.total : 0);
      };
    }
    request.send(body);
  });
}

/** Send a file; the same key keeps it once, however often it is sent. */
export function postFile(address, file, key, progress = () => {}) {
  const body = new FormData();
  body.append("_key", key);
  body.append("file", file, file.name);
  return post(address, body, progress);
}
