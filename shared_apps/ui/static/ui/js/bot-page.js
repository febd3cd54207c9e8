// A bot's page: the chart with its trades, live, and the reason of a trade when its arrow is chosen.
import { candleChart } from "./chart.js";
import { openStream } from "./stream.js";

const figure = document.getElementById("bot-chart");
const drawing = candleChart(figure);
const drawTrades = () => drawing.setTrades(JSON.parse(document.getElementById("chart-trades").dataset.trades));

drawing.setCandles(JSON.parse(document.getElementById("chart-candles").textContent));
drawTrades();

// The addresses of reasons hold the bot's id twice: the second is the place of the order's.
const whyAddress = (order) => figure.dataset.why.replace(`/orders/${figure.dataset.bot}/`, `/orders/${order}/`);

// Who chooses a decision wants to read it: the panel stops following the latest one, and says what it loads.
const follow = document.getElementById("follow");
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const panel = document.getElementById("why");
  if (event.detail.target !== panel) return;
  follow.checked = false;
  panel.setAttribute("aria-live", "polite");
  window.htmx.trigger(document.getElementById("bot-live"), "htmx:abort");
});

figure.addEventListener("chart:trade", (event) => {
  window.htmx.ajax("GET", whyAddress(event.detail.order), { target: "#why", swap: "innerHTML" });
  document.getElementById("why").scrollIntoView({ block: "nearest" });
});

document.body.addEventListener("stream:market", (event) => {
  const candle = event.detail.data;
  if (candle?.symbol === figure.dataset.symbol && candle.interval === figure.dataset.interval) drawing.update(candle);
});

// The live part of the page brings the trades too, as data beside the tables that it renews.
document.body.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target?.id === "chart-trades" || event.target?.id === "chart-trades") drawTrades();
});

openStream();
