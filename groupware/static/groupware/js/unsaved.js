// A form with data-unsaved-guard asks before its changes are lost: on leaving the page and before htmx replaces it.
// A form that saves itself calls saved(form).

const changed = new Set();

/** The changes of this form are kept; nothing is asked any more. */
export function saved(form) {
  changed.delete(form);
}

function unsavedIn(root) {
  return [...changed].some((form) => form.isConnected && root.contains(form));
}

export function start() {
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-unsaved-guard]");
    if (form) changed.add(form);
  });
  document.addEventListener("submit", (event) => saved(event.target));
  document.addEventListener("saved", (event) => {
    const form = event.target.closest?.("form[data-unsaved-guard]");
    if (form) saved(form);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (!target || !unsavedIn(target) || elt.closest("form[data-unsaved-guard]")) return;
    const question = document.getElementById("leave-question")?.content.textContent;
    if (!confirm(question)) event.preventDefault();
    else [...changed].filter((form) => target.contains(form)).forEach(saved);
  });
  addEventListener("beforeunload", (event) => {
    if (unsavedIn(document)) event.preventDefault();
  });
}
