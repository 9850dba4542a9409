// Pages of residents and the sign-in page: forms, and news of one's reports; nothing more, to stay small.
import { sendAhead } from "./ahead.js";
import { wakeCopying } from "./copying.js";
import { wakeForms } from "./forms.js";
import { startKeeping } from "./keep.js";
import { startTyped } from "./typed.js";
import { startWatching } from "./watch.js";

for (const part of document.querySelectorAll("[data-scripted]")) part.hidden = false;
wakeForms(document, sendAhead);
wakeCopying(document);
startKeeping();
startTyped();
startWatching();
