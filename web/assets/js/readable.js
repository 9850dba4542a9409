// A file that was changed, moved or deleted on disk after it was chosen: browsers refuse to read it, and a request that
// carries it fails as if the connection were lost.

/** Tell whether a chosen file can still be read. */
export function isReadable(file) {
  return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

/** Say that a file has to be chosen again. */
export function sayChanged({ name }) {
  return document.body.dataset.changed.replace("{name}", name);
}
