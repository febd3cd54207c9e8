// The confirmation dialog: one <dialog> for every question, for plain forms (data-confirm) and htmx (hx-confirm).
import { text } from "./texts.js";

/** Ask; resolves to true or false. The safe answer has the focus. */
export function confirm({ question, title, action, tone = "primary" }) {
  const dialog = document.getElementById("confirm");
  dialog.querySelector("[data-title]").textContent = title || text("confirm_title");
  dialog.querySelector("[data-question]").textContent = question;
  const yes = dialog.querySelector('button[value="yes"]');
  yes.textContent = action || text("confirm_yes");
  yes.className = `btn btn-${tone}`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function questionOf(element) {
  const { confirm: question, confirmTitle: title, confirmAction: action, confirmTone: tone } = element.dataset;
  return { question, title, action, tone };
}

export function setUpDialogs() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const source = event.submitter?.dataset.confirm ? event.submitter : form;
    if (!source.dataset.confirm || form.dataset.confirmed === "yes") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    if (!(await confirm(questionOf(source)))) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  }, true);

  document.body.addEventListener("htmx:confirm", async (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    const { confirmTitle: title, confirmAction: action, confirmTone: tone } = event.detail.elt.dataset;
    if (await confirm({ question: event.detail.question, title, action, tone })) event.detail.issueRequest(true);
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog).showModal();
    const dialog = event.target.closest("dialog");
    if (dialog && event.target === dialog && dialog.dataset.lightDismiss !== undefined) dialog.close();
    if (event.target.closest("[data-close-dialog]")) dialog?.close();
  });

  // A menu made of <details> closes on Escape and on a click elsewhere, as menus do.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.drop[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.drop[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
}
