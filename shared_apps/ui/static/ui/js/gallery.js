// The gallery's sample chart: a made-up walk that is the same on every load.
import { candleChart } from "./chart.js";

const figure = document.getElementById("sample-chart");
const start = Date.UTC(2025, 0, 6);
let price = 2400;
let seed = 7;
const random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647 - 0.5; };
const candles = Array.from({ length: 160 }, (_, index) => {
  const open = price;
  price += random() * 26;
  return { opened_at: new Date(start + index * 3600e3).toISOString(), open, close: price, high: Math.max(open, price) + 6, low: Math.min(open, price) - 6 };
});
const drawing = candleChart(figure);
drawing.setCandles(candles);
drawing.setTrades([
  { id: "1", time: candles[60].opened_at, side: "buy" },
  { id: "2", time: candles[120].opened_at, side: "sell" },
]);
