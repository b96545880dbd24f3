// What was asked for and is not here yet must not be mistaken for what still stands there.
//   The reading pane is inert from the moment another message is chosen until it arrives, so no verb meets the one before.
//   While a verb, or an undo, has not been answered by its toast, "undo" has nothing to take back: older things stay.
export const ACT_URL = "/mail/messages/act/";
const UNDO_URL = "/mail/messages/undo/";

const requests = new Set();
let isUntold = false; // answered, but its toast comes when the page has settled

const isVerb = ({ requestConfig }) => requestConfig.verb === "post"
  && (requestConfig.path === ACT_URL || requestConfig.path.startsWith(UNDO_URL));
const isReading = (target) => target?.id === "reading";

/** True while something that could be undone is on its way. */
export function isActing() {
  return requests.size > 0 || isUntold;
}

export function start() {
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (isReading(detail.target)) detail.target.inert = true;
    if (!isVerb(detail)) return;
    requests.add(detail.xhr);
    // The toast of the verb before may still be pressed, but it is no longer the last thing done.
    document.querySelector('#toasts [data-shortcut="undo"]')?.removeAttribute("data-shortcut");
  });
  // The pane belongs to its message again before it is swapped in, and when nothing came.
  const lift = ({ detail }) => { if (isReading(detail.target)) detail.target.inert = false; };
  document.addEventListener("htmx:beforeOnLoad", lift);
  document.addEventListener("htmx:afterRequest", (event) => {
    lift(event);
    const { xhr, successful } = event.detail;
    if (requests.delete(xhr) && successful) isUntold = true;
  });
  document.addEventListener("toast", () => { isUntold = false; });
}
