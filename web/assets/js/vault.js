// Keeps what could not be sent in IndexedDB, sealed with a key that no script can read out. It is gone at
// sign-out, and three days old at most. Where a browser offers neither, it lives as long as the page.

const NAME = "wuye-outbox";
const LETTERS = "letters";
const KEYS = "keys";
const KEPT = 3 * 24 * 60 * 60 * 1000;
const PATIENCE = 2000; // storage that does not answer by then counts as none: no form waits for it

const memory = new Map();
const utf8 = { write: new TextEncoder(), read: new TextDecoder() };
const isSafe = () => Boolean(globalThis.indexedDB && globalThis.crypto?.subtle);

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function database() {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(LETTERS, { keyPath: "id" });
    opening.result.createObjectStore(KEYS);
  };
  const opened = await done(opening);
  opened.onversionchange = () => opened.close();
  return opened;
}

function withStore(name, mode, action) {
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error("storage does not answer")));
  return Promise.race([inStore(name, mode, action), late]);
}

async function inStore(name, mode, action) {
  const opened = await database();
  try {
    const transaction = opened.transaction(name, mode);
    const durable = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const answer = await done(action(transaction.objectStore(name)));
    await durable;
    return answer;
  } finally {
    opened.close();
  }
}

async function sealingKey() {
  const known = await withStore(KEYS, "readonly", (store) => store.get("seal"));
  if (known) return known;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await withStore(KEYS, "readwrite", (store) => store.put(made, "seal"));
  return made;
}

async function sealed(key, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes) };
}

const opened = (key, { iv, data }) => crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data);

/** What stands outside the seal: enough to count and to say which step it was, nothing about people. */
function envelope({ id, person, at, state, number, step }) {
  return { id, person, at, state, number, step };
}

/** Keep a letter, or what became of one; tells whether it outlives the page. */
export async function put(letter) {
  if (!isSafe()) {
    memory.set(letter.id, letter);
    return false;
  }
  try {
    const key = await sealingKey();
    const { photos, ...rest } = letter;
    const files = [];
    for (const photo of photos) {
      const { file, ...about } = photo;
      files.push({ about: { ...about, type: file.type, file: file.name }, ...(await sealed(key, await file.arrayBuffer())) });
    }
    const body = await sealed(key, utf8.write.encode(JSON.stringify({ ...rest, photos: files.map((one) => one.about) })));
    const row = { ...envelope(letter), body, files: files.map(({ iv, data }) => ({ iv, data })) };
    await withStore(LETTERS, "readwrite", (store) => store.put(row));
    return true;
  } catch {
    memory.set(letter.id, letter); // no room, or storage switched off
    return false;
  }
}

async function rows() {
  if (!isSafe()) return [];
  const found = await withStore(LETTERS, "readonly", (store) => store.getAll()).catch(() => []);
  const old = found.filter((row) => Date.now() - row.at > KEPT);
  for (const row of old) await withStore(LETTERS, "readwrite", (store) => store.delete(row.id));
  return found.filter((row) => !old.includes(row));
}

/** List the envelopes of everybody's letters, oldest first. */
export async function envelopes() {
  return [...(await rows()), ...memory.values()].map(envelope).sort((a, b) => a.at - b.at);
}

async function read(key, row) {
  const { photos, ...rest } = JSON.parse(utf8.read.decode(await opened(key, row.body)));
  const files = await Promise.all(row.files.map((one) => opened(key, one)));
  const taken = photos.map(({ type, file, ...about }, at) => ({ ...about, file: new File([files[at]], file, { type }) }));
  return { ...rest, photos: taken };
}

/** Open the letters of a person, oldest first. */
export async function letters(person) {
  const key = isSafe() ? await sealingKey().catch(() => null) : null;
  const found = [...memory.values()];
  for (const row of key ? await rows() : []) {
    if (row.person !== person || memory.has(row.id)) continue;
    const letter = await read(key, row).catch(() => null); // sealed with a key that is gone
    if (letter) found.push(letter);
  }
  return found.filter((letter) => letter.person === person).sort((a, b) => a.at - b.at);
}

/** Forget a letter. */
export async function remove(id) {
  memory.delete(id);
  if (isSafe()) await withStore(LETTERS, "readwrite", (store) => store.delete(id)).catch(() => {});
}

/** Forget everything, the key too: nothing that was kept can be read again. */
export async function wipe() {
  memory.clear();
  if (!isSafe()) return;
  for (const name of [LETTERS, KEYS]) {
    await withStore(name, "readwrite", (store) => store.clear()).catch(() => {});
  }
}
