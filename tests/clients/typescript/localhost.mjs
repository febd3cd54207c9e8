// Names below localhost are this machine, as in browsers; Node asks the system, which may not know them.
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";

const lookup = dns.lookup;
dns.lookup = (name, ...rest) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, ...rest);
syncBuiltinESMExports();
