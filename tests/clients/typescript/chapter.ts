// The first chapter of `make demo`, as a stranger writes it with the generated types: node chapter.js BASE.
import createClient, { type Middleware } from "openapi-fetch";
import { randomUUID } from "node:crypto";
import type { components, paths } from "./tradehall.js";

type ApiError = components["schemas"]["Error"];
const [base] = process.argv.slice(2);
if (!base) throw new Error("node chapter.js BASE");

function good<T>(answer: { data?: T; error?: ApiError }): T {
  if (answer.error) throw new Error(`${answer.error.status_code} ${answer.error.code}: ${answer.error.message}`);
  if (answer.data === undefined) throw new Error("an answer without a body");
  return answer.data;
}

const api = createClient<paths>({ baseUrl: base });
const credentials = { email: "trader@acme.example.com", password: "demo-Passw0rd!" };
const entered = good(await api.POST("/api/v1/auth/login/", { body: credentials }));
if (!("access" in entered)) throw new Error("a second factor is asked for");
const bearer: Middleware = {
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${entered.access}`);
    return request;
  },
};
api.use(bearer);
console.log("I am", good(await api.GET("/api/v1/auth/user/")).email);

const made = good(
  await api.POST("/api/v1/trading/accounts/", {
    params: { header: { "Idempotency-Key": randomUUID() } },
    body: { venue: "paper", name: "Practice in TypeScript", currency: "EUR", opening_balance: "10000" },
  }),
);
const account = good(
  await api.POST("/api/v1/trading/accounts/{id}/connect/", { params: { path: { id: made.id } } }),
);
const accounts = good(await api.GET("/api/v1/trading/accounts/"));
if (account.status !== "connected" || !accounts.results.some((each) => each.id === made.id))
  throw new Error(`the account is ${account.status}`);
console.log("connected", account.name, "one of", accounts.count);

const key = { header: { "Idempotency-Key": randomUUID() } };
const body = { trading_account: account.id, symbol: "COIN-EUR", side: "buy", quantity: "1.5" } as const;
const order = good(await api.POST("/api/v1/trading/orders/", { params: key, body }));
const again = good(await api.POST("/api/v1/trading/orders/", { params: key, body }));
const read = good(await api.GET("/api/v1/trading/orders/{id}/", { params: { path: { id: order.id } } }));
if (again.id !== order.id || read.average_price !== null) throw new Error("the same key made another order");
console.log("ordered", read.side, read.quantity, read.symbol, read.status);

const traded = accounts.results.find((each) => each.name === "Paper one");
if (!traded) throw new Error("nobody traded");
const fills = good(
  await api.GET("/api/v1/trading/executions/", { params: { query: { trading_account: traded.id } } }),
).results;
if (fills.length === 0) throw new Error("no execution");
console.log(fills.length, "executions worth", fills.map((each) => `${each.quantity}*${each.price}`).join("+"));

const refused = await api.POST("/api/v1/auth/login/", { body: { ...credentials, password: "x" } });
if (!refused.error) throw new Error("a wrong password was taken");
console.log("refused:", refused.error.code);

const todo = good(await api.POST("/api/v1/todos/", { body: { title: "Read the rule book" } }));
const path = { id: todo.id };
const seen = await api.GET("/api/v1/todos/{id}/", { params: { path } });
const etag = seen.response.headers.get("ETag") ?? "";
const same = await api.GET("/api/v1/todos/{id}/", { params: { path, header: { "If-None-Match": etag } } });
const statuses = [same.response.status];
for (const title of ["mine", "late"]) {
  const header = { "If-Match": etag };
  const answer = await api.PATCH("/api/v1/todos/{id}/", { params: { path, header }, body: { title } });
  statuses.push(answer.response.status);
}
console.log("not modified, changed, refused:", ...statuses);
