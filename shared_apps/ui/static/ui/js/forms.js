// Forms: says what is wrong beside the field when one leaves it, keeps the button from a second press, copies, toggles.
import { text } from "./texts.js";
import { toast } from "./toasts.js";

function errorOf(control) {
  return control.id ? document.getElementById(`${control.id}_error`) : null;
}

function check(control) {
  const error = errorOf(control);
  if (!error) return control.validity.valid;
  const { valid } = control.validity;
  control.setAttribute("aria-invalid", String(!valid));
  error.hidden = valid;
  error.querySelector("[data-text]").textContent = valid ? "" : control.dataset.rule || control.validationMessage;
  return valid;
}

function busy(form, submitter, on) {
  const button = submitter ?? form.querySelector('[type="submit"]');
  if (on) button?.setAttribute("aria-busy", "true");
  else button?.removeAttribute("aria-busy");
}

export function setUpForms() {
  document.addEventListener("focusout", (event) => {
    const control = event.target;
    if (control.form?.dataset.validate !== undefined && control.value) check(control);
  });
  document.addEventListener("input", (event) => {
    const control = event.target;
    if (control.getAttribute?.("aria-invalid") === "true" && control.form?.dataset.validate !== undefined) check(control);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.validate !== undefined && !event.submitter?.formNoValidate) {
      const wrong = [...form.elements].filter((control) => control.willValidate && !check(control));
      if (wrong.length) {
        event.preventDefault();
        wrong[0].focus();
        return;
      }
    }
    if (form.dataset.busyStarted && form.method !== "dialog") {
      event.preventDefault();
      return;
    }
    if (form.method === "post") {
      form.dataset.busyStarted = "yes";
      busy(form, event.submitter, true);
    }
  });
  // Back from the next page, or after an answer by htmx, the form works again.
  const release = (root) => {
    for (const form of root.querySelectorAll("form[data-busy-started]")) delete form.dataset.busyStarted;
    for (const button of root.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
  };
  window.addEventListener("pageshow", () => release(document));
  document.body.addEventListener("htmx:afterRequest", () => release(document));

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.copy);
      toast({ message: text("copied"), tone: "success" });
    }
    const reveal = event.target.closest("[data-reveal]");
    if (reveal) {
      const input = document.getElementById(reveal.dataset.reveal);
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      reveal.setAttribute("aria-pressed", String(shown));
    }
    const fill = event.target.closest("[data-fill]");
    if (fill) {
      for (const [id, value] of Object.entries(JSON.parse(fill.dataset.fill))) document.getElementById(id).value = value;
      fill.closest("form")?.requestSubmit();
    }
  });

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.dataset.autosubmit !== undefined) form.requestSubmit();
  });
}
