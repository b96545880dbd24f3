// The composer keeps what is typed: a few seconds after the last key, on leaving a field, and before the page goes.
// Every save names the version it began from. When another window saved in between, this one stops and says so.
import { meta } from "../../groupware/js/page.js";
import { sessionEnded } from "../../groupware/js/connection.js";
import { saved as nothingUnsaved } from "../../groupware/js/unsaved.js";

const QUIET_MS = 3000;
const RETRY_MS = 10_000;
const KEEPALIVE_OCTETS = 60_000; // browsers let at most 64 KiB outlive their page

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
      headers: { "X-CSRFToken": meta("csrf-token"), "Content-Type": "application/x-www-form-urlencoded" },
      redirect: "manual",
      keepalive: body.length < KEEPALIVE_OCTETS,
    });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      sessionEnded();
      throw new Error("signed out");
    }
    return { status: answer.status, content: answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {} };
  }

  async function save() {
    clearTimeout(clock);
    while (running) await running.catch(() => {});
    const typed = before();
    if (typed === kept || isOver) return;
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
        if (before() === kept) nothingUnsaved(form);
      } else status.textContent = content.sentence ?? words.unsaved;
    } catch {
      status.textContent = words.unsaved;
      clock = setTimeout(save, RETRY_MS);
    } finally {
      running = null;
    }
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
  let isSending = false;
  form.addEventListener("submit", async (event) => {
    if (isSending) {
      event.preventDefault();
      return;
    }
    isSending = true;
    clearTimeout(clock);
    if (running) {
      // The version on the way back belongs into this form before it goes.
      event.preventDefault();
      await running.catch(() => {});
      isSending = false;
      if (!isOver) form.requestSubmit(form.querySelector("[data-send]"));
    }
  });
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
