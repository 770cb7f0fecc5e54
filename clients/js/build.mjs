// Bundles the browser's entry and the page's worker into dist/, with the WebAssembly file beside them.
// Nothing in dist/ asks another host for anything.

import {cpSync, mkdirSync, rmSync, statSync} from "node:fs";

import {build} from "esbuild";

const WASM = "ort-wasm-simd-threaded.wasm";

rmSync("dist", {recursive: true, force: true});
mkdirSync("dist");
await build({
  entryPoints: {xtremedistil: "src/browser.js", worker: "src/worker.js"}, outdir: "dist",
  bundle: true, format: "esm", platform: "browser", target: "es2022", minify: true, legalComments: "linked",
  // The runtime looks for these only where it runs in Node.
  external: ["node:*", "worker_threads", "module"],
});
cpSync(`node_modules/onnxruntime-web/dist/${WASM}`, `dist/${WASM}`);
for (const name of ["xtremedistil.js", "worker.js", WASM]) console.log(name, statSync(`dist/${name}`).size);
