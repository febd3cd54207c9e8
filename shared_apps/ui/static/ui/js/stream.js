// The live stream: one WebSocket a page. Elements name their topics in data-stream; what arrives becomes an event
// `stream:<topic>` on the body, so htmx can fetch a part anew (hx-trigger) and scripts can draw. Every topic's
// messages are numbered: after a broken connection we ask for what came after the last number that we saw.
import { text } from "./texts.js";
import { csrfToken } from "./toasts.js";

const PING_SECONDS = 15;
const QUIET_SECONDS = 40; // no answer to two pings: say that what is shown may be old
const RETRY = [500, 1000, 2000, 5000, 10000, 20000];

const seen = new Map();
let socket = null;
let attempt = 0;
let lastHeard = 0;

function topics() {
  const found = new Set();
  for (const element of document.querySelectorAll("[data-stream]")) {
    for (const topic of element.dataset.stream.split(/\s+/)) if (topic) found.add(topic);
  }
  return [...found];
}

function show(state, label) {
  for (const badge of document.querySelectorAll("[data-live-badge]")) {
    if (badge.dataset.state === state) continue;
    badge.dataset.state = state;
    badge.textContent = text(label);
  }
}

async function ticket() {
  const answer = await fetch("/api/v1/auth/ws-ticket/", { method: "POST", headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" } });
  if (answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new Error(`ticket: ${answer.status}`);
  return (await answer.json()).ticket;
}

function hear(message) {
  lastHeard = Date.now();
  show("live", "live");
  if (!message.topic) return;
  if (message.seq !== undefined) seen.set(message.topic, message.seq);
  // After a gap what the page shows is fetched anew, as after any message; only the data of it is missing.
  if (message.type !== "message" && message.type !== "gap") return;
  const name = message.topic.split(":")[0];
  document.body.dispatchEvent(new CustomEvent(`stream:${name}`, { detail: message }));
}

function again() {
  show(attempt > 2 ? "off" : "connecting", attempt > 2 ? "disconnected" : "connecting");
  const wait = RETRY[Math.min(attempt, RETRY.length - 1)];
  attempt += 1;
  setTimeout(connect, wait * (0.75 + Math.random() / 2));
}

async function connect() {
  if (document.hidden && attempt > 0) {
    document.addEventListener("visibilitychange", connect, { once: true });
    return;
  }
  let pass;
  try {
    pass = await ticket();
  } catch {
    again();
    return;
  }
  if (pass === null) {
    show("off", "disconnected");
    return;
  }
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/stream/?ticket=${encodeURIComponent(pass)}`);
  socket.addEventListener("open", () => {
    attempt = 0;
    lastHeard = Date.now();
    for (const topic of topics()) socket.send(JSON.stringify({ subscribe: topic, ...(seen.has(topic) ? { resume: seen.get(topic) } : {}) }));
    show("live", "live");
  });
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", again);
}

/** Open the stream for all topics that the page names. */
export function openStream() {
  if (!topics().length) return;
  connect();
  setInterval(() => {
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - lastHeard > QUIET_SECONDS * 1000) show("stale", "stale");
    socket.send('{"ping": 1}');
  }, PING_SECONDS * 1000);
}
