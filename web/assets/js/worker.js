// The service worker: keeps built files and the page that says there is no network. Never a page with data.

const CACHE = "wuye-offline";
const { page, kept } = self.wuye; // written in front of this by the server

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(kept.map((address) => new Request(address, { cache: "reload" })));
  for (const request of await cache.keys()) {
    if (!kept.includes(new URL(request.url).pathname)) await cache.delete(request);
  }
}

async function fromCache(request) {
  const found = await caches.match(request, { ignoreSearch: true });
  return found ?? fetch(request);
}

async function orOffline(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const found = await caches.match(page);
    if (found) return found;
    throw error;
  }
}

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(orOffline(request));
  else if (kept.includes(address.pathname) && address.pathname !== page) event.respondWith(fromCache(request));
});
