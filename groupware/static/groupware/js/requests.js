// Every request of htmx carries the CSRF token; failures are said in words; the page keeps what it had.
import { meta } from "./page.js";
import { toast, words } from "./toasts.js";

export function start() {
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = meta("csrf-token");
  });
  // A refused form comes back as 422 with its errors in it: that is content, not a failure.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) toast({ text: words("failed"), stays: true });
  });
  document.addEventListener("htmx:sendError", () => {
    if (navigator.onLine) toast({ text: words("unreachable"), stays: true });
  });
  document.addEventListener("htmx:timeout", () => toast({ text: words("unreachable"), stays: true }));
}
