/** Bundles the gateway agent into one file that runs where there is nothing but Node: dist/gateway.mjs. */
import { chmod, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = new URL("..", import.meta.url);
const { version } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
const outfile = fileURLToPath(new URL("dist/gateway.mjs", root));

await build({
  absWorkingDir: fileURLToPath(root),
  entryPoints: ["gateway/main.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  sourcemap: "inline",
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
  define: { __AGENT_VERSION__: JSON.stringify(version) },
  // Packages that are CommonJS ask for `require` and `__dirname`, which a module has not.
  banner: {
    js: [
      "#!/usr/bin/env node",
      'import { createRequire as __createRequire } from "node:module";',
      'import { fileURLToPath as __fileURLToPath } from "node:url";',
      "const require = __createRequire(import.meta.url);",
      "const __filename = __fileURLToPath(import.meta.url);",
      'const __dirname = __fileURLToPath(new URL(".", import.meta.url));',
    ].join("\n"),
  },
});
await chmod(outfile, 0o755);
console.log(`built ${outfile}`);
