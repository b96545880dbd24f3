// Native dialogs. data-open-dialog="id" opens, data-close-dialog closes, what htmx loads into #dialog opens by itself.
// From the server: HX-Trigger: "closeDialog" after the form inside was accepted.

/** Opens the dialog of this id; focus comes back by itself when it closes. */
export function open(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

export function start() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open-dialog]");
    if (opener) {
      opener.closest("[popover]")?.hidePopover();
      open(opener.dataset.openDialog);
    }
    if (event.target.closest?.("[data-close-dialog]")) event.target.closest("dialog")?.close();
    // The veil belongs to the dialog element itself: a press on it closes, except over a form with words in it.
    if (event.target.matches?.("dialog.dialog") && !event.target.querySelector("textarea, input:not([type=hidden])")) {
      event.target.close();
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const { target } = event.detail; // none when htmx brings back a page of the history
    if (target?.id === "dialog" && target.childElementCount) open("dialog");
  });
  document.addEventListener("closeDialog", () => {
    document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  });
}
