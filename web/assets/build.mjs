// Bundles the browser side into web/static/dist under hashed names and lists them in manifest.json.
import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { spare } from "./spare.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const out = join(root, "web/static/dist");

const entries = {
  public: join(here, "js/public.js"),
  staff: join(here, "js/staff.js"),
  offline: join(here, "js/offline.js"),
  worker: join(here, "js/worker.js"),
  diagram: join(here, "js/diagram.js"),
  app: join(root, "web/static/css/app.css"),
  "app-public": join(root, "web/static/css/public.css"),
  "diagram-look": join(here, "diagram.css"),
};

/** Return the licence texts of every npm package that went into the bundles. */
async function licences(inputs) {
  const packages = new Set();
  for (const path of inputs) {
    const match = path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (match) packages.add(match[1]);
  }
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(root, "node_modules", name);
    const meta = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const text = await readFile(join(folder, "LICENSE"), "utf8").catch(() => "");
    texts.push(`${name} ${meta.version} (${meta.license ?? "see text"})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

const result = await build({
  absWorkingDir: root,
  entryPoints: entries,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "safari15"],
  legalComments: "eof",
  outdir: out,
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, { entryPoint }] of Object.entries(result.metafile.outputs)) {
  const name = Object.keys(entries).find((key) => resolve(root, entryPoint ?? "") === entries[key]);
  if (name) manifest[name] = path.slice("web/static/".length);
}
// The pages of residents get their own, smaller stylesheet; its name follows from what is left in it.
const all = join(root, "web/static", manifest["app-public"]);
const small = await spare(await readFile(all, "utf8"), join(root, "web"));
const digest = createHash("sha256").update(small).digest("hex").slice(0, 8).toUpperCase();
await rm(all);
await writeFile(join(out, `app-public-${digest}.css`), small);
manifest["app-public"] = `dist/app-public-${digest}.css`;

await writeFile(join(out, "LICENSES.txt"), await licences(Object.keys(result.metafile.inputs)));
// A server that runs reads the list again: it finds a whole one, and the files it names until then stay till now.
await writeFile(join(out, "manifest.new"), JSON.stringify(manifest, null, 2) + "\n");
await rename(join(out, "manifest.new"), join(out, "manifest.json"));
const wanted = new Set([...Object.values(manifest).map((path) => path.slice("dist/".length)), "manifest.json", "LICENSES.txt"]);
for (const name of await readdir(out)) {
  if (!wanted.has(name)) await rm(join(out, name), { recursive: true });
}
