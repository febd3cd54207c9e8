// The page of revenue: its rows as columns, in the style of the candle chart.
import { columnChart } from "./chart.js";

const figure = document.getElementById("revenue-chart");
const points = document.getElementById("revenue-points");
if (figure && points) columnChart(figure).setPoints(JSON.parse(points.textContent));
