// The message list: moving, selecting, and doing things to what is selected, to the row in focus, or to the open message.
import { itemsOf, rove } from "../../groupware/js/roving.js";
import { show } from "../../groupware/js/panes.js";
import { isTyping } from "../../groupware/js/page.js";
import { ACT_URL, isActing } from "./underway.js";

const VERBS = new Set(["archive", "delete", "junk", "read", "unread"]);
const MARKS = new Set(["read", "unread", "flag", "unflag"]); // of whoever may only read

const grid = () => document.getElementById("message-rows");
const bulk = () => document.getElementById("bulk");
const rows = () => (grid() ? itemsOf(grid()).filter((row) => row.dataset.message) : []);
const boxOf = (row) => row.querySelector('input[name="message"]');
const openMessage = () => document.querySelector("[data-open-message]");

let anchor = null; // the row where a range begins
let place = -1; // where the focus was, for when its row leaves

function current() {
  return document.activeElement?.closest?.(".message-row[data-message]") ?? null;
}

function tell() {
  const all = rows();
  const chosen = all.filter((row) => boxOf(row).checked);
  all.forEach((row) => row.setAttribute("aria-selected", String(boxOf(row).checked)));
  grid()?.classList.toggle("is-selecting", chosen.length > 0);
  const bar = bulk();
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  bar.querySelector("[data-selected-count]").textContent = chosen.length;
  const box = bar.querySelector("[data-select-all-messages]");
  box.checked = chosen.length > 0 && chosen.length === all.length;
  box.indeterminate = chosen.length > 0 && chosen.length < all.length;
}

function select(row, isSelected, { range = false } = {}) {
  const all = rows();
  if (range && anchor?.isConnected) {
    const [from, to] = [all.indexOf(anchor), all.indexOf(row)].sort((a, b) => a - b);
    all.slice(from, to + 1).forEach((one) => { boxOf(one).checked = isSelected; });
  } else {
    boxOf(row).checked = isSelected;
    anchor = row;
  }
  tell();
}

function selectAll(isSelected) {
  rows().forEach((row) => { boxOf(row).checked = isSelected; });
  tell();
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const open = openMessage() && document.getElementById(`row-${openMessage().dataset.openMessage}`);
  const here = all.indexOf(current() ?? open);
  const row = all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + by))];
  rove(grid(), row);
}

function open(row) {
  row?.querySelector(".message-link")?.click();
}

/** What a command is about: the selection, else the row in focus, else the open message. */
function subjects() {
  const chosen = rows().filter((row) => boxOf(row).checked);
  if (chosen.length) return { ids: chosen.map((row) => row.dataset.message), from: "" };
  const row = current();
  if (row) return { ids: [row.dataset.message], from: "" };
  const message = openMessage();
  return message && !message.closest("[inert]") ? { ids: [message.dataset.openMessage], from: "reading" } : { ids: [], from: "" };
}

function act(verb) {
  const { ids, from } = subjects();
  if (!ids.length || (grid()?.hasAttribute("data-read-only") && !MARKS.has(verb))) return;
  window.htmx.ajax("POST", ACT_URL, { swap: "none", values: { verb, message: ids, from } });
}

function star() {
  const { ids } = subjects();
  const row = ids.length ? document.getElementById(`row-${ids[0]}`) : null;
  act(row?.hasAttribute("data-flagged") ? "unflag" : "flag");
}

/** The buttons of the row under the pointer or the focus: those that fit its state. */
function furnish(row) {
  const place = row?.querySelector(".message-acts");
  const acts = document.getElementById("row-acts");
  if (!place || !acts || place.childElementCount) return;
  const hidden = [
    row.classList.contains("is-unread") ? "unread" : "read",
    row.hasAttribute("data-flagged") ? "flag" : "unflag",
  ];
  const copy = acts.content.cloneNode(true);
  hidden.forEach((verb) => copy.querySelector(`[data-verb="${verb}"]`)?.remove());
  place.append(copy);
}

function back() {
  show("list");
  const id = openMessage()?.dataset.openMessage;
  const row = (id && document.getElementById(`row-${id}`)) ?? rows()[0];
  if (row) rove(grid(), row);
}

const COMMANDS = {
  next: () => step(1),
  previous: () => step(-1),
  open: () => open(current()),
  back,
  select: () => { const row = current(); if (row) select(row, !boxOf(row).checked); },
  star,
  // A toast with Undo comes first (it is the last thing done); without one, what is about to be sent.
  undo: () => { if (!isActing()) [...document.querySelectorAll("[data-undo-sending]")].at(-1)?.click(); },
};

function onKey(event) {
  const row = event.target.closest?.(".message-row[data-message]");
  if (!row || event.target !== row || isTyping(event)) return;
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) open(row);
  else if (event.key === " ") select(row, !boxOf(row).checked, { range: event.shiftKey });
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) selectAll(true);
  else if (event.key === "Escape") selectAll(false);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const box = event.target;
  if (box.matches?.("[data-select-all-messages]")) selectAll(box.checked);
  else if (box.matches?.('.message-row input[name="message"]')) {
    select(box.closest(".message-row"), box.checked, { range: event.shiftKey });
  } else if (box.closest?.(".message-acts [data-verb]")) {
    const { verb } = box.closest("[data-verb]").dataset;
    const message = [box.closest(".message-row").dataset.message];
    window.htmx.ajax("POST", ACT_URL, { swap: "none", values: { verb, message } });
  } else if (box.closest?.("[data-back]") && grid()) {
    event.preventDefault();
    back();
  }
}

/** After rows came or went: the open row is marked, the focus stands where it stood, the bar counts again. */
function settle() {
  const id = openMessage()?.dataset.openMessage;
  rows().forEach((row) => row.classList.toggle("is-open", row.dataset.message === id));
  furnish(document.querySelector(".message-row[data-message]:hover")); // it may have been exchanged under the pointer
  tell();
  const all = rows();
  if (document.activeElement === document.body && place >= 0 && all.length) {
    rove(grid(), all[Math.min(place, all.length - 1)]);
  }
}

// htmx reports each piece of an answer once for every piece before it: a hundred folders are five thousand events.
let isSettling = false;
function settleOnce() {
  if (isSettling) return;
  isSettling = true;
  queueMicrotask(() => {
    isSettling = false;
    settle();
  });
}

export function start() {
  document.addEventListener("shortcut", (event) => {
    const { command } = event.detail;
    if (VERBS.has(command)) act(command);
    else COMMANDS[command]?.();
  });
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("rove", (event) => {
    const row = event.target.closest(".message-row[data-message]");
    if (row && event.detail.extends) select(row, true, { range: true });
  });
  document.addEventListener("pointerover", (event) => furnish(event.target.closest?.(".message-row[data-message]")));
  document.addEventListener("focusin", () => {
    const row = current();
    furnish(row);
    place = row ? rows().indexOf(row) : -1;
  });
  document.addEventListener("htmx:oobAfterSwap", settleOnce);
  document.addEventListener("htmx:afterSettle", settleOnce);
  document.addEventListener("webmail:closed", () => show("list"));
  // Whoever searched goes on with what was found.
  if (document.querySelector("#message-list[data-takes-focus]") && rows().length) rove(grid(), rows()[0]);
}
