// Pages of staff: forms, clocks, keys, the task pane, and counts that stay fresh.
import htmx from "htmx.org/dist/htmx.esm.js";
import { startClocks } from "./clock.js";
import { startDialogs } from "./dialogs.js";
import { wakeForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { startPane } from "./pane.js";

htmx.config.includeIndicatorCSS = false;

wakeForms(document);
startClocks();
startPane(htmx, wakeForms);
startKeys();
startDialogs();
