// Pages of residents and the sign-in page: forms only, to stay small.
import { wakeForms } from "./forms.js";

wakeForms(document);
