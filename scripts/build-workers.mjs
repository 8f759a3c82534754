/** Bundles the workers' own code into dist/workers.mjs, so that they start at once; packages stay in node_modules. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

await build({
  absWorkingDir: root,
  entryPoints: ["workers/main.ts"],
  outfile: "dist/workers.mjs",
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20.19",
  sourcemap: "linked",
  logLevel: "warning",
});
console.log("built dist/workers.mjs");
