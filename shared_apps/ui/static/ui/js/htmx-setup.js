// htmx: the CSRF token on every unsafe request, errors as toasts, new content brought to life.
import { text } from "./texts.js";
import { localiseTimes, renewTimes } from "./times.js";
import { csrfToken, showServerMessages, toast } from "./toasts.js";

const SAFE = new Set(["get", "head", "options"]);

/** What the server says went wrong: our error shape in JSON, else a sentence for the status. */
function messageOf(request) {
  if (request.getResponseHeader("content-type")?.includes("json")) {
    const body = JSON.parse(request.responseText);
    if (body.message) return body.message;
  }
  return text(`status_${request.status}`) === `status_${request.status}` ? text("status_other") : text(`status_${request.status}`);
}

export function setUpHtmx() {
  const { body } = document;
  body.addEventListener("htmx:configRequest", (event) => {
    if (!SAFE.has(event.detail.verb)) event.detail.headers["X-CSRFToken"] = csrfToken();
  });
  body.addEventListener("htmx:responseError", (event) => toast({ message: messageOf(event.detail.xhr), tone: "error" }));
  body.addEventListener("htmx:sendError", () => toast({ message: text("offline"), tone: "error" }));
  body.addEventListener("htmx:timeout", () => toast({ message: text("offline"), tone: "error" }));
  body.addEventListener("htmx:load", (event) => {
    localiseTimes(event.detail.elt);
    renewTimes(event.detail.elt);
    showServerMessages(event.detail.elt);
  });
  // A response header `HX-Trigger: {"toast": {"message", "tone", "undo"}}`.
  body.addEventListener("toast", (event) => toast(event.detail));
}
