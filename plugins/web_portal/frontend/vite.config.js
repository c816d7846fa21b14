import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** Puts a gzip copy beside each text asset, so that the server compresses nothing while it serves. */
function precompress() {
  return {
    name: "precompress",
    generateBundle(_options, bundle) {
      for (const [name, item] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const source = item.type === "chunk" ? item.code : item.source;
        this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gzipSync(source, { level: 9 }) });
      }
    },
  };
}

export default defineConfig({
  // relative addresses: the portal works under any URL prefix without being told
  base: "./",
  // "tree": elements are made one by one, so that the page may forbid innerHTML (Trusted Types)
  plugins: [svelte({ compilerOptions: { fragments: "tree" } }), precompress()],
  worker: { format: "es" },
  build: {
    outDir: "../src/nni_web_portal/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
