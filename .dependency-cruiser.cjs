/** Directions between the parts, as errors. See CONTRIBUTING.md. */
const forbid = (name, from, to, comment) => ({ name, severity: "error", comment, from, to });
module.exports = {
  forbidden: [
    forbid("no-cycles", {}, { circular: true }, "a cycle means that two files are one idea"),
    forbid(
      "gateway-is-alone",
      { path: "^gateway/" },
      { path: "^(app|server|workers|prisma|scripts|e2e|bench)/" },
      "the agent imports nothing outside itself",
    ),
    forbid(
      "gateway-has-no-web",
      { path: "^gateway/", pathNot: "\\.test\\.ts$" },
      { path: "node_modules/(next|@prisma|react|bullmq|pg)/" },
    ),
    forbid(
      "protocol-is-pure",
      { path: "^gateway/protocol/", pathNot: "\\.test\\.ts$" },
      { path: "^(?!gateway/protocol/)", pathNot: "^(node:)?(crypto|buffer)$" },
      "the wire types depend on nothing",
    ),
    forbid(
      "server-sees-only-the-protocol",
      { path: "^server/", pathNot: "\\.test\\.ts$" },
      { path: "^(app|workers|e2e|bench|scripts)/|^gateway/(?!protocol/)" },
    ),
    forbid(
      "workers-use-server",
      { path: "^workers/", pathNot: "\\.test\\.ts$" },
      { path: "^(app|e2e|bench)/|^gateway/(?!protocol/)" },
    ),
    forbid("app-uses-server", { path: "^app/" }, { path: "^(workers|e2e|bench|scripts)/|^gateway/(?!protocol/)" }),
    forbid(
      "ui-knows-no-domain",
      { path: "^app/_ui/" },
      { path: "^server/|^app/(?!_ui/|_lib/format)" },
      "primitives know no domain; how numbers and times read is pure and theirs too",
    ),
    forbid(
      "domains-meet-in-their-main-file",
      { path: "^server/([^/]+)/", pathNot: "^server/(core|trpc)/|\\.test\\.ts$" },
      { path: "^server/([^/]+)/", pathNot: ["^server/(?:core|trpc)/", "^server/$1/", "^server/([^/]+)/\\1\\.ts$"] },
      "a domain imports core and other domains' <domain>.ts",
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(\\.next|dist|\\.data)/|server/core/prisma/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
