// Writes the description of the API as OpenAPI 3.0, for generators that read no 3.1: node older.mjs <from> <to>
import { readFileSync, writeFileSync } from "node:fs";
import { Converter } from "@apiture/openapi-down-convert";

const [from, to] = process.argv.slice(2);
const older = new Converter(JSON.parse(readFileSync(from, "utf8")), { allOfTransform: true }).convert();

// A choice between null and something else is left by the converter, and 3.0 has no type null.
function withoutNull(node) {
  if (node === null || typeof node !== "object") return;
  const choices = node.oneOf?.filter((choice) => choice.type !== "null");
  if (choices?.length === 1) {
    delete node.oneOf;
    Object.assign(node, choices[0]);
  }
  Object.values(node).forEach(withoutNull);
}

withoutNull(older);
writeFileSync(to, JSON.stringify(older));
