// Draws a BPMN diagram with what has been done, what is open and what is late.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";

const MARGIN = 24;
const LOGO = 36; // room below the drawing for the library's logo, which nothing may cover
const LEAST_HEIGHT = 320;
const MOST_OF_WINDOW = 0.9;
const TOO_SMALL = 0.4;
const READABLE = 0.6;

/** Read the facts the server wrote beside the canvas: element id -> {state, badge, limit}. */
function factsOf(canvas) {
  const source = document.getElementById(canvas.dataset.facts);
  return source ? JSON.parse(source.textContent) : {};
}

/** A link to the diagram of a called process. */
function leadsTo(address, name) {
  const link = document.createElement("a");
  link.className = "canvas-leads";
  link.href = address;
  link.title = name;
  link.setAttribute("aria-label", name);
  link.textContent = "\u2198";
  return link;
}

function badge(text, look) {
  const element = document.createElement("span");
  element.className = `canvas-badge ${look}`;
  element.textContent = text;
  return element;
}

/** Tell whether an event sits where the limit would stand: on the lower rim, at the left. */
function hasEventBelow(step) {
  const isThere = (event) => event.y + event.height > step.y + step.height && event.x < step.x + step.width * 0.6;
  return (step.attachers ?? []).some(isThere);
}

function mark(viewer, facts) {
  const canvas = viewer.get("canvas");
  const overlays = viewer.get("overlays");
  const registry = viewer.get("elementRegistry");
  for (const [id, fact] of Object.entries(facts)) {
    if (!registry.get(id)) continue;
    if (fact.state) canvas.addMarker(id, `is-${fact.state}`);
    if (fact.next) canvas.addMarker(id, "is-next");
    if (fact.wrong && registry.get(id).parent) {
      canvas.addMarker(id, "is-wrong");
      overlays.add(id, { position: { top: -12, left: -6 }, html: badge(fact.wrong, "canvas-badge-late") });
    }
    if (fact.leads) {
      const name = registry.get(id).businessObject.name ?? id;
      overlays.add(id, { position: { bottom: 13, right: 13 }, html: leadsTo(fact.leads, name) });
    }
    if (fact.badge) {
      const look = fact.state === "late" ? "canvas-badge-late" : "";
      overlays.add(id, { position: { top: -12, left: -6 }, html: badge(fact.badge, look) });
    }
    if (fact.limit) {
      const position = hasEventBelow(registry.get(id)) ? { top: -9, left: 26 } : { bottom: 10, left: 4 };
      overlays.add(id, { position, html: badge(fact.limit, "canvas-badge-limit") });
    }
  }
  // A flow between two elements that the case has come to has been walked.
  for (const flow of registry.filter((element) => element.type === "bpmn:SequenceFlow")) {
    if (facts[flow.source?.id]?.state === "done" && facts[flow.target?.id]?.state) canvas.addMarker(flow.id, "is-done");
  }
}

/** Make the canvas as high as the sheet is at its width: as large as it can be read, with nothing empty around it. */
function grow(viewer, element) {
  const canvas = viewer.get("canvas");
  const { inner } = canvas.viewbox();
  const scale = Math.min(1, (element.clientWidth - 2 * MARGIN) / inner.width);
  const wanted = inner.height * scale + 2 * MARGIN + LOGO;
  const height = Math.min(Math.max(wanted, LEAST_HEIGHT), window.innerHeight * MOST_OF_WINDOW);
  element.style.height = `${Math.round(height)}px`;
  canvas.resized();
}

/** Show the whole diagram with a margin, without making small ones huge. */
function fit(viewer) {
  const canvas = viewer.get("canvas");
  const { inner, outer } = canvas.viewbox();
  const room = outer.height - 2 * MARGIN - LOGO;
  const scale = Math.min(1, (outer.width - 2 * MARGIN) / inner.width, room / inner.height);
  const width = outer.width / scale;
  const height = outer.height / scale;
  canvas.viewbox({
    x: inner.x - (width - inner.width) / 2,
    y: inner.y - (height - LOGO / scale - inner.height) / 2,
    width,
    height,
  });
}

/** Where the whole would be too small to read, begin at what is being done or what is wrong. */
function focus(viewer, facts) {
  const canvas = viewer.get("canvas");
  if (canvas.zoom() >= TOO_SMALL) return;
  const open = Object.keys(facts).find((id) => ["open", "late"].includes(facts[id].state) || facts[id].wrong);
  const element = open && viewer.get("elementRegistry").get(open);
  if (!element) return;
  canvas.zoom(READABLE);
  canvas.scrollToElement(element, { top: 120, right: 100, bottom: 120, left: 100 });
}

/** A copy for paper, as large as the sheet; what lies above the drawing on the screen stands in the table. */
function paperCopy(viewer, canvas) {
  const drawing = canvas.querySelector(".djs-container > svg");
  const box = viewer.get("canvas").viewbox().inner;
  const copy = drawing.cloneNode(true);
  copy.querySelector(".viewport").removeAttribute("transform");
  copy.setAttribute("viewBox", `${box.x - 4} ${box.y - 4} ${box.width + 8} ${box.height + 8}`);
  for (const name of ["width", "height", "style"]) copy.removeAttribute(name);
  for (const part of copy.querySelectorAll("[id]")) part.id = `paper-${part.id}`;
  for (const part of copy.querySelectorAll("*")) {
    for (const { name, value } of [...part.attributes]) {
      if (value.includes("url(#")) part.setAttribute(name, value.replaceAll("url(#", "url(#paper-"));
    }
    if (part.style.markerEnd) part.style.markerEnd = part.style.markerEnd.replace("#", "#paper-");
    if (part.style.markerStart) part.style.markerStart = part.style.markerStart.replace("#", "#paper-");
  }
  const paper = document.createElement("div");
  paper.className = "canvas-paper";
  paper.setAttribute("aria-hidden", "true");
  paper.append(copy);
  canvas.after(paper);
}

const LOOK = {
  defaultFillColor: "var(--paper)",
  defaultStrokeColor: "var(--ink)",
  defaultLabelColor: "var(--ink)",
};

/** A file may hold a procedure and no picture of it; the table of steps says the same. */
function sayUndrawn(canvas) {
  canvas.hidden = true;
  const note = document.querySelector(`[data-undrawn="${canvas.id}"]`);
  if (note) note.hidden = false;
}

/** Return the file: at its address, or beside the canvas where it was refused and stands nowhere else. */
async function contentOf(canvas) {
  const beside = document.getElementById(canvas.dataset.content);
  if (beside) return JSON.parse(beside.textContent);
  const response = await fetch(canvas.dataset.diagram, { headers: { Accept: "application/xml" } });
  return response.ok ? response.text() : null;
}

async function draw(canvas) {
  const content = await contentOf(canvas);
  if (content === null) return;
  const viewer = new NavigatedViewer({ container: canvas, bpmnRenderer: LOOK });
  try {
    await viewer.importXML(content);
  } catch {
    sayUndrawn(canvas);
    return;
  }
  const facts = factsOf(canvas);
  grow(viewer, canvas);
  fit(viewer);
  mark(viewer, facts);
  focus(viewer, facts);
  paperCopy(viewer, canvas);
  const tools = document.querySelector(`[data-tools="${canvas.id}"]`);
  if (tools) tools.hidden = false;
  tools?.addEventListener("click", (event) => {
    const wish = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (wish === "fit") fit(viewer);
    if (wish === "in") viewer.get("zoomScroll").stepZoom(1);
    if (wish === "out") viewer.get("zoomScroll").stepZoom(-1);
  });
  canvas.dataset.drawn = "yes";
}

/** On a phone the tabs are one row that moves sideways: begin at the one that is shown. */
function showCurrentTab() {
  for (const tab of document.querySelectorAll(".tabs > [aria-current]")) {
    const row = tab.parentElement;
    row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }
}

showCurrentTab();
for (const canvas of document.querySelectorAll("[data-diagram]:not([data-drawn])")) draw(canvas);
