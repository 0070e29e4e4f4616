// A program that knows the API by the types that openapi-typescript has made of its description, and by nothing else.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [url, key] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: url!, headers: { Authorization: `Bearer ${key}` } });

const sent = await api.POST("/v1/notifications", {
  body: {
    eventId: "generated-typescript",
    category: "announcement",
    recipient: { id: "reader-ts", email: "ts@example.com" },
    data: { title: "Hello", text: "From TypeScript." },
  },
});
if (sent.error !== undefined) throw new Error(sent.error.detail);
const id: string = sent.data.id;
let status: string = sent.data.status;
while (status === "accepted" || status === "sending") {
  await new Promise((go) => setTimeout(go, 100));
  const found = await api.GET("/v1/notifications/{id}", { params: { path: { id } } });
  if (found.error !== undefined) throw new Error(found.error.detail);
  status = found.data.status;
}
const listed = await api.GET("/v1/notifications", { params: { query: { eventId: "generated-typescript" } } });
if (listed.error !== undefined) throw new Error(listed.error.detail);
const next: string | undefined = listed.data.next;
console.log(JSON.stringify({ id, status, listed: listed.data.notifications.map((one) => one.id), next }));
