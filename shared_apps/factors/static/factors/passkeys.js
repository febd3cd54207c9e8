// Passkeys: a button with data-passkey ("create" or "get") asks our API for options, the browser for a passkey,
// and sends its form with the answer in the hidden fields. Without WebAuthn the buttons stay hidden.
const bytes = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const descriptors = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));

function creationOptions(given) {
  return { ...given, challenge: bytes(given.challenge), user: { ...given.user, id: bytes(given.user.id) }, excludeCredentials: descriptors(given.excludeCredentials) ?? [] };
}

function requestOptions(given) {
  return { ...given, challenge: bytes(given.challenge), allowCredentials: descriptors(given.allowCredentials) ?? [] };
}

function plain(credential) {
  const { response } = credential;
  const found = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) found.attestationObject = text(response.attestationObject);
  if (response.authenticatorData) found.authenticatorData = text(response.authenticatorData);
  if (response.signature) found.signature = text(response.signature);
  if (response.userHandle) found.userHandle = text(response.userHandle);
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: found, clientExtensionResults: credential.getClientExtensionResults(), authenticatorAttachment: credential.authenticatorAttachment ?? undefined };
}

async function ask(button) {
  const { passkey: kind, options: address, challenge = "" } = button.dataset;
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
    body: JSON.stringify(kind === "get" && challenge ? { challenge_token: challenge } : {}),
  });
  const body = await answer.json();
  if (answer.status === 403 && body.code === "step_up_required") {
    location.assign(`${button.dataset.confirmPage}?next=${encodeURIComponent(location.pathname)}`);
    return null;
  }
  if (!answer.ok) throw new Error(body.message);
  const publicKey = kind === "create" ? creationOptions(body.public_key) : requestOptions(body.public_key);
  const credential = await navigator.credentials[kind]({ publicKey });
  return { ceremony: body.ceremony, credential: JSON.stringify(plain(credential)) };
}

async function use(button) {
  const { form } = button;
  const error = form.querySelector("[data-passkey-error]");
  error.hidden = true;
  if (button.dataset.passkey === "create" && !form.reportValidity()) return;
  button.setAttribute("aria-busy", "true");
  try {
    const found = await ask(button);
    if (!found) return;
    form.elements.ceremony.value = found.ceremony;
    form.elements.credential.value = found.credential;
    form.submit();
  } catch (problem) {
    // The browser's own words for a refusal tell people nothing.
    error.querySelector("[data-text]").textContent = problem instanceof DOMException ? button.dataset.refused : problem.message;
    error.hidden = false;
    button.removeAttribute("aria-busy");
    button.focus();
  }
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const part of document.querySelectorAll("[data-with-passkeys]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-without-passkeys]")) part.hidden = true;
  for (const button of document.querySelectorAll("[data-passkey]")) button.addEventListener("click", () => use(button));
}
document.documentElement.dataset.passkeys = "yes";
