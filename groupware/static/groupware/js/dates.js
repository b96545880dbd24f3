// Dates stay true while the page is open: "3 minutes ago" grows, and at midnight "10:42" becomes "yesterday".
const locale = document.documentElement.lang || undefined;
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const MINUTE = 60;
const STEPS = [[MINUTE, "second", 1], [3600, "minute", MINUTE], [86400, "hour", 3600], [Infinity, "day", 86400]];

function wordSince(element) {
  const seconds = Math.max(0, (Date.now() - new Date(element.dateTime)) / 1000);
  if (seconds < MINUTE) return;
  const [, unit, size] = STEPS.find(([limit]) => seconds < limit);
  element.textContent = ago.format(-Math.floor(seconds / size), unit);
}

let today = new Date().toDateString();

function wordWhen(element) {
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  const day = new Date(element.dateTime).toDateString();
  if (day === yesterday.toDateString()) element.textContent = ago.format(-1, "day");
}

export function start() {
  setInterval(() => {
    if (document.hidden) return;
    document.querySelectorAll("time[data-since]").forEach(wordSince);
    if (today !== new Date().toDateString()) {
      today = new Date().toDateString();
      document.querySelectorAll("time[data-when]").forEach(wordWhen);
    }
  }, 30_000);
}
