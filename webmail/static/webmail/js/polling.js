// Pieces that ask for themselves again: data-poll="seconds" sends them the event "poll", which their hx-trigger waits for.
// Nothing is asked while the page is hidden or the network is away; coming back asks at once.
import { eachOf } from "../../groupware/js/page.js";

function later(element) {
  const seconds = Number(element.dataset.poll);
  setTimeout(() => {
    if (!element.isConnected) return;
    if (document.hidden || !navigator.onLine) {
      document.addEventListener("visibilitychange", () => later(element), { once: true });
      return;
    }
    element.dispatchEvent(new CustomEvent("poll"));
    later(element);
  }, seconds * 1000);
}

export function start() {
  eachOf("[data-poll]", later);
  document.addEventListener("click", (event) => {
    event.target.closest?.("[data-dismiss]")?.closest(".toast")?.remove();
  });
}
