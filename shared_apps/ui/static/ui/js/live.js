// A page without a chart of its own that stays live.
import { openStream } from "./stream.js";

openStream();
