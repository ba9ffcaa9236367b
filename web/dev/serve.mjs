// Serves the built pages (web/dist) over the fixtures, with the security header that the pages must live under.
// `node dev/serve.mjs [PORT]`; port 0 takes a free one and prints it.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { handle } from "./fixtures/handler.mjs";

const dist = new URL("../dist/", import.meta.url).pathname;
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };
const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

export function serve(port) {
  const server = createServer(async (request, response) => {
    if (await handle(request, response)) return;
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const file = join(dist, path);
    const found = file.startsWith(dist) && existsSync(file) && statSync(file).isFile() ? file : join(dist, "index.html");
    response.writeHead(200, { "content-type": types[extname(found)] ?? "application/octet-stream", "content-security-policy": CSP });
    createReadStream(found).pipe(response);
  });
  return new Promise((ready) => server.listen(port, "127.0.0.1", () => ready({ server, url: `http://127.0.0.1:${server.address().port}` })));
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log((await serve(Number(process.argv[2] ?? 7444))).url);
