// Toasts: said aloud (aria-live), stay while hovered or focused, offer undo. Errors stay until closed.
import { icon, text } from "./texts.js";

const ICONS = { success: "check-circle", error: "exclamation-octagon", warning: "exclamation-triangle", info: "info-circle" };
const SECONDS = 7;

/** Show a toast. `undo` is the address that takes the action back by POST. */
export function toast({ message, tone = "info", undo = null }) {
  const box = document.getElementById(tone === "error" ? "toasts-now" : "toasts-polite");
  const card = document.createElement("div");
  card.className = `toast-card toast-${tone}`;
  const line = document.createElement("p");
  line.textContent = message;
  card.append(icon(ICONS[tone] ?? ICONS.info), line);
  if (undo) card.append(undoButton(undo, card));
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-bare btn-sm btn-icon";
  close.setAttribute("aria-label", text("close"));
  close.append(icon("x-lg"));
  close.addEventListener("click", () => card.remove());
  card.append(close);
  box.append(card);
  if (tone !== "error") leaveLater(card, undo ? SECONDS * 2 : SECONDS);
  return card;
}

function leaveLater(card, seconds) {
  let timer = setTimeout(() => card.remove(), seconds * 1000);
  const hold = () => clearTimeout(timer);
  const release = () => { clearTimeout(timer); timer = setTimeout(() => card.remove(), seconds * 1000); };
  card.addEventListener("pointerenter", hold);
  card.addEventListener("pointerleave", release);
  card.addEventListener("focusin", hold);
  card.addEventListener("focusout", release);
}

function undoButton(address, card) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet btn-sm";
  button.textContent = text("undo");
  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": csrfToken() } });
    card.remove();
    if (answer.ok) location.reload();
    else toast({ message: text("undo_failed"), tone: "error" });
  });
  return button;
}

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

/** Messages that the server wrote into the page become toasts once. */
export function showServerMessages(root = document) {
  for (const item of root.querySelectorAll("[data-message]")) {
    const { tone, undo } = item.dataset;
    toast({ message: item.textContent.trim(), tone, undo });
    item.remove();
  }
}
