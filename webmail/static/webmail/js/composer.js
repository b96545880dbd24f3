// The composer keeps what is typed: a few seconds after the last key, on leaving a field, and before the page goes.
// Every save names the version it began from. When another window saved in between, this one stops and says so.
import { meta } from "../../groupware/js/page.js";
import { sessionEnded, sessionLives } from "../../groupware/js/connection.js";
import { saved as nothingUnsaved } from "../../groupware/js/unsaved.js";

const QUIET_MS = 3000;
const RETRY_MS = 10_000;
const KEEPALIVE_OCTETS = 60_000; // browsers let at most 64 KiB outlive their page

const signedOut = new Error("signed out");

/** The token of today's session: somebody who signed in again in another window has a new one. */
function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )(?:__Host-csrf|csrftoken)=([^;]+)/);
  return cookie ? cookie[1] : meta("csrf-token");
}

function composerOf(form) {
  const status = form.querySelector("[data-saved]");
  const words = document.querySelector("template[data-words]").dataset;
  const before = () => JSON.stringify([...new FormData(form)].filter(([name]) => !["version", "csrfmiddlewaretoken"].includes(name)));
  let kept = before();
  let sent = kept;
  let clock = 0;
  let running = null;
  let isOver = false;

  function over(name) {
    isOver = true;
    form.querySelector(`[data-${name}]`).hidden = false;
    status.textContent = "";
    nothingUnsaved(form);
  }

  async function request(data) {
    const body = data.toString();
    const answer = await fetch(form.dataset.saveUrl, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrfToken(), "Content-Type": "application/x-www-form-urlencoded" },
      redirect: "manual",
      keepalive: body.length < KEEPALIVE_OCTETS,
    });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      sessionEnded();
      throw signedOut;
    }
    return { status: answer.status, content: answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {} };
  }

  async function save() {
    clearTimeout(clock);
    while (running) await running.catch(() => {});
    const typed = before();
    if (typed === kept || isOver) return true;
    status.textContent = words.saving;
    sent = typed;
    running = request(new URLSearchParams(new FormData(form)));
    try {
      const { status: code, content } = await running;
      if (code === 409) over("conflict");
      else if (code === 410) over("left");
      else if (code === 200) {
        kept = typed;
        form.elements.version.value = content.version;
        status.textContent = words.saved;
        sessionLives();
        if (before() === kept) nothingUnsaved(form);
      } else status.textContent = content.sentence ?? words.unsaved;
    } catch (failure) {
      status.textContent = failure === signedOut ? "" : words.unsaved; // the banner speaks of the session
      clock = setTimeout(save, RETRY_MS);
      return false;
    } finally {
      running = null;
    }
    return true;
  }

  form.addEventListener("input", () => {
    clearTimeout(clock);
    clock = setTimeout(save, QUIET_MS);
  });
  form.addEventListener("focusout", () => save());
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-send]"));
  });
  // An Enter in a line of addresses must not send.
  form.addEventListener("keypress", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
  // What was typed is saved before the form goes: without a connection or a session the words stay on the screen.
  let isSending = false;
  let isKept = false;
  form.addEventListener("submit", async (event) => {
    if (isKept) return;
    if (!isSending && !isOver && !running && before() === kept) {
      isSending = true; // nothing to save: it goes as it is, and a second press does nothing
      form.elements.csrfmiddlewaretoken.value = csrfToken();
      return;
    }
    event.preventDefault();
    if (isSending) return;
    const send = form.querySelector("[data-send]");
    isSending = true;
    send.setAttribute("aria-disabled", "true");
    isKept = (await save()) && !isOver;
    send.removeAttribute("aria-disabled");
    clearTimeout(clock);
    if (isKept) {
      form.elements.csrfmiddlewaretoken.value = csrfToken();
      form.requestSubmit(send);
    } else {
      isSending = false;
      form.dispatchEvent(new Event("input", { bubbles: true })); // not gone: guard it and try to save again
    }
  });
  addEventListener("pageshow", (event) => { if (event.persisted) isSending = isKept = false; });
  // The page goes: what the server was not told yet is sent without waiting for an answer.
  addEventListener("pagehide", () => {
    if (!isSending && !isOver && before() !== sent) request(new URLSearchParams(new FormData(form))).catch(() => {});
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && !isSending) save(); });
}

function place(form) {
  const to = form.elements.to;
  const text = form.elements.text;
  if (to && !to.value) to.focus();
  else if (text) {
    text.focus();
    text.setSelectionRange(0, 0);
    text.scrollTop = 0;
  }
}

export function start() {
  const form = document.getElementById("composer");
  if (!form) return;
  composerOf(form);
  const wrong = form.querySelector('[aria-invalid="true"]');
  if (wrong) wrong.focus();
  else place(form);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id === "attach") event.detail.elt.reset();
  });
}
