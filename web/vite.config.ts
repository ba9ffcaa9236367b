// Build of the web app: everything is served by lastmile itself, so nothing may point to another host.
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** `npm run dev`: pages over the made-up plant of dev/fixtures, for work without an edge. */
const fixtures: Plugin = {
  name: "fixtures",
  apply: () => process.env.LASTMILE_FIXTURES === "1",
  async configureServer(server) {
    const { handle } = (await import(new URL("./dev/fixtures/handler.mjs", import.meta.url).href)) as { handle: (request: unknown, response: unknown) => Promise<boolean> };
    server.middlewares.use((request, response, next) => void handle(request, response).then((done) => done || next()));
  },
};

export default defineConfig({
  plugins: [react(), fixtures],
  css: { transformer: "lightningcss" },
  // `cargo xtask dev`: pages from the sources, everything else from the demo that runs beside
  server: {
    proxy: Object.fromEntries(["/api", "/demo", "/healthz", "/metrics"].map((path) => [path, process.env.LASTMILE_AT ?? "http://127.0.0.1:7433"])),
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["chrome100", "firefox100", "safari15.4"],
    cssTarget: ["chrome100", "firefox100", "safari15.4"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    rolldownOptions: {
      output: {
        // Few requests for the first screen: one chunk of libraries, which changes rarely and stays cached over updates,
        // and one of what Line and the shell need. Every other page is its own chunk.
        advancedChunks: {
          groups: [
            { name: "base", test: /node_modules\/(react|react-dom|scheduler|@tanstack|uplot)\// },
            { name: "line", test: /src\/(ui|trend|api|app|styles|text\/(index|format)|pages\/(line|models\/(health|ModeSheet)))/ },
          ],
        },
      },
    },
  },
});
