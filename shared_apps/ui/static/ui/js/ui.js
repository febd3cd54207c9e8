// The start of every page: each part sets itself up; a page without it still works as plain HTML.
import { setUpDialogs } from "./dialogs.js";
import { setUpForms } from "./forms.js";
import { setUpHtmx } from "./htmx-setup.js";
import { setUpPalette } from "./palette.js";
import { setUpTimes } from "./times.js";
import { showServerMessages, toast } from "./toasts.js";

function setUpThemeSwitch() {
  const buttons = document.querySelectorAll("[data-set-theme]");
  const mark = () => {
    for (const button of buttons) button.setAttribute("aria-checked", String(button.dataset.setTheme === document.documentElement.dataset.theme));
  };
  for (const button of buttons) button.addEventListener("click", () => window.setTheme(button.dataset.setTheme));
  document.documentElement.addEventListener("theme:changed", mark);
  mark();
}

setUpDialogs();
setUpForms();
setUpHtmx();
setUpPalette();
setUpTimes();
setUpThemeSwitch();
showServerMessages();
window.toast = toast;
document.documentElement.dataset.ready = "yes";
