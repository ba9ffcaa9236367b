// Fails the build when the first screen is larger than its limit. First screen: everything that Line needs,
// compressed with gzip, in one language, with the Latin font file.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 220;
const dist = new URL("../dist/", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
const size = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;

const files = new Set(["index.html"]);
function take(key) {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) take(next);
}
take("index.html");
// the larger of the two languages
const languages = ["src/text/en/index.ts", "src/text/de/index.ts"].filter((key) => manifest[key]);
languages.sort((a, b) => size(manifest[b].file) - size(manifest[a].file));
take(languages[0]);
for (const file of readdirSync(join(dist, "assets"))) if (/^inter-latin-[^e].*\.woff2$/.test(file) && !file.includes("-ext-")) files.add(`assets/${file}`);

let total = 0;
for (const file of files) {
  const bytes = size(file);
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB gz  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB gz  first screen, limit ${LIMIT_KB}`);
if (total > LIMIT_KB * 1000) {
  console.error(`The first screen is larger than ${LIMIT_KB} kB gz.`);
  process.exit(1);
}
