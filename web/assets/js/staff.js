// Pages of staff: forms, drafts, clocks, keys, the task pane, counts that stay fresh, and work without a network.
import htmx from "htmx.org/dist/htmx.esm.js";
import { startCalls } from "./call.js";
import { startClocks } from "./clock.js";
import { wakeCopying } from "./copying.js";
import { wakeCrew } from "./crew.js";
import { startDialogs } from "./dialogs.js";
import { keepRefused, lookAgain } from "./drafts.js";
import { startFilters } from "./filter.js";
import { wakeForms } from "./forms.js";
import { startFresh } from "./fresh.js";
import { startKeys } from "./keys.js";
import { wakeLines } from "./lines.js";
import { startList } from "./list.js";
import { sendAhead, startOutbox, watchForms } from "./outbox.js";
import { startPane } from "./pane.js";
import { wakeReadBack } from "./readback.js";
import { rememberAgain, startRemembering } from "./remember.js";
import { startRinging } from "./ring.js";
import { guardSecrets } from "./secrets.js";
import { startSeveral } from "./several.js";
import { startSuggestions } from "./suggest.js";
import { wakeSignatures } from "./signature.js";
import { wakeSums } from "./sums.js";
import { startUploading } from "./uploading.js";

htmx.config.includeIndicatorCSS = false;

function wake(part) {
  wakeForms(part, sendAhead);
  wakeLines(part);
  watchForms(part);
  keepRefused(part);
  for (const form of part.querySelectorAll("form[data-statement]:not([data-can-sign])")) {
    form.dataset.canSign = "yes";
    wakeSignatures(form);
  }
  wakeReadBack(part);
  wakeSums(part);
  wakeCopying(part);
  wakeCrew(part);
}

wake(document);
document.addEventListener("main:shown", ({ detail }) => {
  wake(detail);
  rememberAgain(detail);
});
lookAgain();
guardSecrets();
startClocks();
startCalls();
startPane(htmx, wake);
startList(htmx);
startKeys();
startDialogs();
startSeveral();
startSuggestions();
startFilters(document);
startOutbox();
startRemembering();
startRinging();
startUploading();
startFresh();
navigator.serviceWorker?.register("/worker.js").catch(() => {}); // some browsers forbid it: pages work the same
