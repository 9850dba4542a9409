// Sends something to the server in the background, with progress; tells what became of it, never throws.

const PATIENCE = 30_000;
const PATIENCE_FOR_FILES = 180_000;

const token = () => document.querySelector("meta[name=csrf-token]")?.content ?? "";

/** Post a form; the status is 0 where no answer came. */
export function post(address, body, progress) {
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
    request.timeout = progress ? PATIENCE_FOR_FILES : PATIENCE;
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token());
    request.onload = () => answer(request.status);
    request.onerror = request.ontimeout = request.onabort = () => answer(0);
    if (progress) request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
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
