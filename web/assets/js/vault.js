// Keeps what could not be sent, photos of forms not yet sent, and what is being typed into pages, in IndexedDB, sealed with a key that
// no script can read out. It is gone at sign-out, and three days old at most. Where a browser offers neither, it lives
// as long as the page.

const NAME = "wuye-outbox";
const LETTERS = "letters";
const FORMS = "forms";
const PHOTOS = "photos";
const KEYS = "keys";
const KEPT = 3 * 24 * 60 * 60 * 1000;
const PATIENCE = 2000; // storage that does not answer by then counts as none: no form waits for it

const memory = new Map(); // what is not written down (yet)
const removed = new Set(); // what is done with, written down or not
const utf8 = { write: new TextEncoder(), read: new TextDecoder() };
const isSafe = () => Boolean(globalThis.indexedDB && globalThis.crypto?.subtle);

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let connection = null;

/** Open the database, once for as long as the page lives. */
function database() {
  connection ??= opened().catch((error) => {
    connection = null;
    throw error;
  });
  return connection;
}

async function opened() {
  const opening = indexedDB.open(NAME, 3);
  opening.onupgradeneeded = () => {
    const { objectStoreNames: known } = opening.result;
    for (const name of [LETTERS, FORMS, PHOTOS]) if (!known.contains(name)) opening.result.createObjectStore(name, { keyPath: "id" });
    if (!known.contains(KEYS)) opening.result.createObjectStore(KEYS);
  };
  const found = await done(opening);
  const forget = () => (connection = null);
  found.onclose = forget;
  found.onversionchange = () => {
    found.close();
    forget();
  };
  return found;
}

/** Do something in one transaction: afterwards it has happened, or, late or failed, it never will. */
async function inStores(names, mode, action) {
  const late = new Error("storage does not answer");
  let transaction = null;
  let isLate = false;
  const work = async () => {
    const found = await database();
    if (isLate) throw late;
    transaction = found.transaction(names, mode);
    const durable = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? late);
    });
    durable.catch(() => {}); // heard below, or when the action itself failed
    const answer = await action(...names.map((name) => transaction.objectStore(name)));
    await durable;
    return answer;
  };
  let timer = 0;
  const patience = new Promise((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      try {
        transaction?.abort(); // what came too late must not appear after all: it is held elsewhere by then
      } catch {
        return; // it has just happened: the answer is on its way
      }
      reject(late);
    }, PATIENCE);
  });
  return Promise.race([work(), patience]).finally(() => clearTimeout(timer));
}

const reading = (name, action) => inStores([name], "readonly", (store) => done(action(store)));
const writing = (name, action) => inStores([name], "readwrite", (store) => done(action(store)));

/**
 * Return the key of this browser. Two tabs, or two tasks of one page, may make one at the same time: the first that
 * is written down is everybody's, else what the other sealed could never be opened again.
 */
async function sealingKey() {
  const known = await reading(KEYS, (store) => store.get("seal"));
  if (known) return known;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  return inStores([KEYS], "readwrite", async (store) => {
    const first = await done(store.get("seal"));
    if (first) return first;
    await done(store.put(made, "seal"));
    return made;
  });
}

async function sealed(key, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes) };
}

const unsealed = (key, { iv, data }) => crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data);

/** What stands outside the seal: enough to count and to say which step it was, nothing about people. */
function envelope({ id, person, at, state, number, step }) {
  return { id, person, at, state, number, step };
}

/** Keep a letter, or what became of one; tells whether it outlives the page. */
export async function put(letter) {
  removed.delete(letter.id);
  memory.set(letter.id, letter); // until it is written down, and where it cannot be
  if (!isSafe()) return false;
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
    const isKept = await inStores([KEYS, LETTERS], "readwrite", async (keys, store) => {
      if (removed.has(letter.id)) return false; // sent, or given up, in the meantime
      if (!(await done(keys.get("seal")))) return false; // somebody signed out in another tab: the key is gone
      await done(store.put(row));
      return true;
    });
    if (isKept && memory.get(letter.id) === letter) memory.delete(letter.id);
    return isKept;
  } catch {
    return false; // no room, storage switched off or too slow
  }
}

async function rows() {
  if (!isSafe()) return [];
  const found = await reading(LETTERS, (store) => store.getAll());
  const old = found.filter((row) => Date.now() - row.at > KEPT || removed.has(row.id));
  for (const row of old) await writing(LETTERS, (store) => store.delete(row.id)).catch(() => {});
  return found.filter((row) => !old.includes(row));
}

/** List the envelopes of everybody's letters, oldest first. */
export async function envelopes() {
  const found = (await rows()).filter((row) => !memory.has(row.id));
  return [...found, ...memory.values()].map(envelope).sort((a, b) => a.at - b.at);
}

async function read(key, row) {
  const { photos, ...rest } = JSON.parse(utf8.read.decode(await unsealed(key, row.body)));
  const files = await Promise.all(row.files.map((one) => unsealed(key, one)));
  const taken = photos.map(({ type, file, ...about }, at) => ({ ...about, file: new File([files[at]], file, { type }) }));
  return { ...rest, photos: taken };
}

/** Open the letters of a person, oldest first; fails where the storage does not answer: none is not "unknown". */
export async function letters(person) {
  const found = [];
  const kept = await rows().catch((error) => {
    if (memory.size) return []; // what is in our hands need not wait for the rest
    throw error;
  });
  const mine = kept.filter((row) => row.person === person);
  const key = mine.length ? await sealingKey() : null;
  for (const row of mine) {
    if (memory.has(row.id)) continue;
    const letter = await read(key, row).catch(() => null); // sealed before somebody signed out: nobody can read it
    if (letter) found.push(letter);
  }
  found.push(...[...memory.values()].filter((letter) => letter.person === person));
  return found.filter((letter) => !removed.has(letter.id)).sort((a, b) => a.at - b.at);
}

/** Forget a letter. */
export async function remove(id) {
  memory.delete(id);
  removed.add(id);
  if (isSafe()) await writing(LETTERS, (store) => store.delete(id)).catch(() => {}); // else with the next look
}

/** Keep what stands in a form of a page; the last word counts. */
export async function keepForm(id, fields) {
  if (!isSafe()) return;
  const body = await sealed(await sealingKey(), utf8.write.encode(JSON.stringify(fields)));
  await inStores([KEYS, FORMS], "readwrite", async (keys, store) => {
    if (await done(keys.get("seal"))) await done(store.put({ id, at: Date.now(), body })); // else somebody signed out
  });
}

/** Return what was kept of a form, or null. */
export async function keptForm(id) {
  const row = isSafe() ? await reading(FORMS, (store) => store.get(id)) : null;
  if (!row) return null;
  const bytes = await sealingKey().then((key) => unsealed(key, row.body)).catch(() => null);
  if (bytes && Date.now() - row.at < KEPT) return JSON.parse(utf8.read.decode(bytes));
  await forgetForm(id);
  return null;
}

/** Forget what was kept of a form. */
export async function forgetForm(id) {
  if (isSafe()) await writing(FORMS, (store) => store.delete(id));
}

/** Keep a photo that belongs to a form which is not sent yet; tells whether it outlives the page. */
export async function keepPhoto({ id, person, place, field, file }) {
  if (!isSafe()) return false;
  try {
    const key = await sealingKey();
    const about = { field, name: file.name, type: file.type };
    const body = await sealed(key, utf8.write.encode(JSON.stringify(about)));
    const row = { id, person, place, at: Date.now(), body, file: await sealed(key, await file.arrayBuffer()) };
    return await inStores([KEYS, PHOTOS], "readwrite", async (keys, store) => {
      if (removed.has(id) || !(await done(keys.get("seal")))) return false; // sent, taken out, or signed out meanwhile
      await done(store.put(row));
      return true;
    });
  } catch {
    return false; // no room, storage switched off or too slow
  }
}

/** Return the photos kept of a person's forms, or of one form, oldest first. */
export async function keptPhotos(person, place) {
  const found = isSafe() ? await reading(PHOTOS, (store) => store.getAll()) : [];
  const isOld = (row) => Date.now() - row.at > KEPT;
  for (const row of found.filter(isOld)) forgetPhoto(row.id);
  const mine = found.filter((row) => !isOld(row) && !removed.has(row.id) && row.person === person);
  const wanted = mine.filter((row) => !place || row.place === place).sort((a, b) => a.at - b.at);
  const key = wanted.length ? await sealingKey() : null;
  const open = async (row) => {
    const { field, name, type } = JSON.parse(utf8.read.decode(await unsealed(key, row.body)));
    return { id: row.id, field, file: new File([await unsealed(key, row.file)], name, { type }) };
  };
  const opened = await Promise.all(wanted.map((row) => open(row).catch(() => null)));
  return opened.filter(Boolean);
}

/** Forget a photo: it was sent, lies in a letter, or was taken out of its form. */
export async function forgetPhoto(id) {
  removed.add(id);
  if (isSafe()) await writing(PHOTOS, (store) => store.delete(id)).catch(() => {}); // else it is too old in three days
}

/** Forget everything, the key too: nothing that was kept can be read again. */
export async function wipe() {
  memory.clear();
  if (!isSafe()) return;
  await inStores([LETTERS, FORMS, PHOTOS, KEYS], "readwrite", (...stores) =>
    Promise.all(stores.map((store) => done(store.clear()))),
  ).catch(() => {});
}
