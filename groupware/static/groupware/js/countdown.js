// Time left of a code or a waiting message: data-countdown="moment" > [data-countdown-left]; [data-countdown-over] after it.
// The element sends the event "countdownover" when the time is over.
import { eachOf } from "./page.js";

const locale = document.documentElement.lang || undefined;
const two = new Intl.NumberFormat(locale, { minimumIntegerDigits: 2 });

function follow(element) {
  const end = new Date(element.dataset.countdown).getTime();
  const left = element.querySelector("[data-countdown-left]");
  const over = element.parentElement.querySelector("[data-countdown-over]");
  const tick = () => {
    if (!element.isConnected) return;
    const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left) left.textContent = `${Math.floor(seconds / 60)}:${two.format(seconds % 60)}`;
    if (seconds > 0) {
      setTimeout(tick, 1000 - (Date.now() % 1000));
      return;
    }
    if (over) {
      over.hidden = false;
      element.hidden = true;
    }
    element.dispatchEvent(new CustomEvent("countdownover", { bubbles: true }));
  };
  tick();
}

export function start() {
  eachOf("[data-countdown]", follow);
}
