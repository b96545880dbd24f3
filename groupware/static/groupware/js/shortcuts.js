// Single-key shortcuts. A control offers one with data-shortcut="command" (the first visible one is pressed), a module
// listens to the event "shortcut" with { command }. Off while typing, while an input method composes, in dialogs, and when
// the person switched them off (<html data-shortcuts="off">). Every command has a control, so nothing needs a key.
//   <meta name="shortcuts" content='[{"keys": "c", "command": "compose", "label": "…"}]'>   one of a function's own
import { isTyping } from "./page.js";
import { open } from "./dialogs.js";

const CHORD_MS = 1200;

/** Commands by key; "g i" is a chord. Words come from the page, so this file needs no language. */
export const commands = new Map();

function readCommands() {
  document.querySelectorAll('meta[name="shortcuts"]').forEach((tag) => {
    for (const { keys, command, label } of JSON.parse(tag.content)) commands.set(keys, { command, label });
  });
}

/** "Shift+I" for letters with Shift; signs such as # and ? as they are, wherever the keyboard has them. */
function keyOf(event) {
  const isLetter = /^\p{L}$/u.test(event.key);
  // On a layout without Latin letters the place of the key decides.
  const letter = isLetter && !/^[a-z]$/i.test(event.key) && event.code.startsWith("Key")
    ? event.code.slice(3).toLowerCase()
    : event.key;
  if (isLetter) return event.shiftKey ? `Shift+${letter.toUpperCase()}` : letter.toLowerCase();
  return letter;
}

function run(command) {
  const control = [...document.querySelectorAll(`[data-shortcut="${CSS.escape(command)}"]`)]
    .find((element) => element.checkVisibility() && !element.closest("[inert]") && element.getAttribute("aria-disabled") !== "true");
  if (control?.matches("input, textarea")) control.focus();
  else if (control) control.click();
  else document.dispatchEvent(new CustomEvent("shortcut", { detail: { command } }));
}

function list() {
  const target = document.querySelector("[data-shortcut-list]");
  if (!target) return;
  target.replaceChildren(...[...commands].flatMap(([keys, { label }]) => {
    const term = document.createElement("dt");
    for (const key of keys.split(" ")) {
      const hint = document.createElement("kbd");
      hint.className = "key-hint";
      hint.textContent = key;
      term.append(hint, " ");
    }
    const meaning = document.createElement("dd");
    meaning.textContent = label;
    return [term, meaning];
  }));
}

export function start() {
  readCommands();
  list();
  const isOff = document.documentElement.dataset.shortcuts === "off";
  const note = document.querySelector("[data-shortcuts-off]");
  if (note) note.hidden = !isOff;
  if (isOff) return;
  let first = "";
  let forget = 0;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (document.querySelector("dialog:modal")) return;
    const key = keyOf(event);
    const found = commands.get(first ? `${first} ${key}` : key);
    clearTimeout(forget);
    first = "";
    if (key === "?") open("shortcuts");
    else if (found) {
      event.preventDefault();
      run(found.command);
    } else if ([...commands.keys()].some((keys) => keys.startsWith(`${key} `))) {
      first = key;
      forget = setTimeout(() => { first = ""; }, CHORD_MS);
    }
  });
}
