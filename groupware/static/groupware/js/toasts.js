// A passing word with Undo, at the foot of the window.
// From the server: HX-Trigger: {"toast": {"text": "Moved to Trash", "undo": "/address/to/post/to/", "seconds": 10}}
import { icon, meta } from "./page.js";

const SECONDS = 8;

function region() {
  return document.getElementById("toasts");
}

/** A sentence that the template keeps for scripts, in the person's language. */
export function words(name) {
  return region()?.dataset[name] ?? "";
}

function button(label, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button";
  element.textContent = label;
  element.addEventListener("click", act);
  return element;
}

/** Shows a toast. undo: address to post to, or a function; stays: until closed by hand. */
export function toast({ text, undo, seconds = SECONDS, stays = false }) {
  if (!region() || !text) return;
  const element = document.createElement("div");
  element.className = "toast";
  const sentence = document.createElement("span");
  sentence.textContent = text;
  element.append(sentence);
  if (undo) {
    const act = button(words("undo"), () => {
      element.remove();
      if (typeof undo === "function") undo();
      else htmx.ajax("POST", undo, { swap: "none" });
    });
    act.dataset.shortcut = "undo";
    element.append(act);
  }
  const close = button("", () => element.remove());
  close.classList.add("button-icon");
  close.setAttribute("aria-label", words("dismiss"));
  close.append(icon("x"));
  element.append(close);
  region().replaceChildren(element);
  if (!stays) leaveAfter(element, seconds);
}

/** The time runs only while nobody points at the toast or stands on it. */
function leaveAfter(element, seconds) {
  let left = seconds;
  const clock = setInterval(() => {
    if (!element.isConnected) clearInterval(clock);
    else if (!element.matches(":hover, :focus-within") && !document.hidden) left -= 1;
    if (left <= 0) element.remove();
  }, 1000);
}

export function start() {
  document.addEventListener("toast", (event) => toast(event.detail));
  document.querySelectorAll("template[data-toast-text]").forEach((message) => {
    toast({ text: message.content.textContent });
    message.remove();
  });
}
