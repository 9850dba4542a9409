// Sends a resident's photos and videos ahead of their form, so that a long one shows how far it is.
import { keyOf } from "./photos.js";
import { post, postFile } from "./post.js";

const UPLOADS = "/attachments/";

/** Send a file ahead of its form. */
export function sendAhead(file, progress) {
  return postFile(UPLOADS, file, keyOf(file), progress);
}
sendAhead.discard = (id) => post(`${UPLOADS}${id}/discard`, new FormData());
