// Appearance and density change under the finger; the form keeps them for next time without leaving the page.
import { meta } from "./page.js";
import { toast, words } from "./toasts.js";

async function choose(form, button) {
  const name = form.dataset.display;
  const root = document.documentElement;
  const before = root.dataset[name];
  const press = (value) => {
    root.dataset[name] = value;
    form.querySelectorAll("button[name]").forEach((other) => {
      other.setAttribute("aria-pressed", String(other.value === value));
    });
  };
  press(button.value);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "X-CSRFToken": meta("csrf-token"), "HX-Request": "true" },
      body: new FormData(form, button),
      redirect: "manual",
    });
    if (answer.status >= 400) throw new Error(String(answer.status));
  } catch {
    press(before);
    toast({ text: words("unreachable"), stays: true });
  }
}

export function start() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-display]") || !event.submitter?.name) return;
    event.preventDefault();
    choose(form, event.submitter);
  });
}
