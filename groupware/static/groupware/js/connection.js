// Two banners: no connection, and a session that ended while the page was open.
import { meta } from "./page.js";

function show(name, isShown) {
  const banner = document.querySelector(`[data-banner="${name}"]`);
  if (banner) banner.hidden = !isShown;
}

/** True when the answer is the sign-in page, or says that nobody is signed in. */
function isSignedOut(request) {
  if (request.status === 401) return true;
  const login = meta("login-url");
  if (!login || !request.responseURL) return false;
  return new URL(request.responseURL).pathname === login && location.pathname !== login;
}

/** For modules that fetch by themselves: tell that an answer said the session is over. */
export function sessionEnded() {
  const link = document.querySelector('[data-banner="session-ended"] a');
  if (link) {
    const address = new URL(link.href);
    address.searchParams.set("next", location.pathname + location.search);
    link.href = address;
    link.target = "_blank"; // what is typed on this page must outlive the sign-in
    link.rel = "noopener";
  }
  show("session-ended", true);
}

/** The other way round: an answer came as before, so somebody has signed in again. */
export function sessionLives() {
  show("session-ended", false);
}

export function start() {
  const tellConnection = () => show("offline", !navigator.onLine);
  addEventListener("online", tellConnection);
  addEventListener("offline", tellConnection);
  tellConnection();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isSignedOut(event.detail.xhr)) return;
    event.detail.shouldSwap = false;
    event.detail.isError = false;
    sessionEnded();
  });
}
