// Leaves out of a stylesheet what no page of residents can use: their phones load no more than they show.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const FOLDERS = ["account", "resident"];
const FILES = [
  ..."layout error offline parts/form parts/macros parts/new_password parts/correction parts/sign_in parts/agreed".split(" "),
  ..."owners/register owners/forgot owners/code owners/password owners/help_code safety/odd safety/sent".split(" "),
].map((name) => `${name}.html`);
// Parts of the layout that only staff see, or that a page of residents reads from a script of staff.
const STAFF = new Set([
  ..."bar-find bar-ring bar-call bar-odd bar-more menu-all is-here sign-sheet sign-ask sign-said sign-paper sign-ways read-back".split(" "),
  ..."left left-chip left-late left-soon left-fine left-paused left-none kept kept-late tabs pages tag-urgent line-item btn-icon btn-row count-late figure".split(" "),
]);
const SCRIPTS = ["public.js", "forms.js", "photos.js", "typed.js", "watch.js"];

/** Return every word of the pages and scripts; "note-" stands for all classes that begin so. */
async function wordsOf(web) {
  const folders = FOLDERS.map((folder) => join(web, "templates", folder));
  const found = (await Promise.all(folders.map((folder) => readdir(folder)))).flatMap((names, index) =>
    names.map((name) => join(folders[index], name)),
  );
  const files = FILES.map((name) => join(web, "templates", name));
  const scripts = SCRIPTS.map((name) => join(web, "assets/js", name));
  const texts = await Promise.all([...found, ...files, ...scripts].map((path) => readFile(path, "utf8")));
  return new Set(texts.join("\n").match(/[\w-]+/g));
}

/** Split a text at a character outside of brackets. */
function split(text, at) {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if ("([{".includes(character)) depth += 1;
    if (")]}".includes(character)) depth -= 1;
    if (character === at && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}

/** List the rules of a stylesheet as [head, body]; a statement without a body has none. */
function rules(css) {
  const found = [];
  let at = 0;
  while (at < css.length) {
    const open = css.indexOf("{", at);
    const end = css.indexOf(";", at);
    if (open < 0 || (end >= 0 && end < open)) {
      if (end < 0) break;
      found.push([css.slice(at, end + 1)]);
      at = end + 1;
      continue;
    }
    let depth = 1;
    let close = open + 1;
    for (; depth > 0; close += 1) depth += { "{": 1, "}": -1 }[css[close]] ?? 0;
    found.push([css.slice(at, open), css.slice(open + 1, close - 1)]);
    at = close;
  }
  return found;
}

function spared(css, isUsed) {
  return rules(css)
    .map(([head, body]) => {
      if (body === undefined) return head;
      if (head.startsWith("@media") || head.startsWith("@supports")) {
        const inner = spared(body, isUsed);
        return inner && `${head}{${inner}}`;
      }
      const kept = head.startsWith("@") ? [head] : split(head, ",").filter(isUsed);
      return kept.length ? `${kept.join(",")}{${body}}` : "";
    })
    .join("");
}

/** Return a minified stylesheet without the rules whose classes no page of residents names. */
export async function spare(css, web) {
  const words = await wordsOf(web);
  const beginnings = [...words].filter((word) => word.endsWith("-") && word.length > 2);
  const isKnown = (name) =>
    !STAFF.has(name) && (words.has(name) || beginnings.some((beginning) => name.startsWith(beginning)));
  const isUsed = (selector) => {
    const plain = selector.replace(/:(?:is|not|where|has)\([^()]*\)/g, "");
    return [...plain.matchAll(/\.([\w-]+)/g)].every(([, name]) => isKnown(name));
  };
  const kept = spared(css, isUsed);
  const turning = rules(kept).filter(([head]) => head.startsWith("@keyframes"));
  const still = turning.reduce((left, [head, body]) => {
    const name = head.split(" ")[1];
    return new RegExp(`animation[^;}]*\\b${name}\\b`).test(left) ? left : left.replace(`${head}{${body}}`, "");
  }, kept);
  return namedOnly(still);
}

/** Leave out custom properties that nothing reads, again and again: one may have been read by another only. */
function namedOnly(css) {
  const read = new Set([...css.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
  const left = css.replace(/(--[\w-]+):\s*((?:[^;{}()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*)(;|(?=\}))/g, (all, name, value, end) =>
    read.has(name) ? `${name}:${value || " "}${end}` : "", // older browsers take no empty value without a space
  );
  return left.length < css.length ? namedOnly(left) : left;
}
