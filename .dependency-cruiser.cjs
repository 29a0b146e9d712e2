/**
 * The architecture as rules. Import direction (a row imports only from rows above it), no cycles, one home per package:
 * ARCHITECTURE.md has the same two tables in words, test/repo/ shows each rule biting.
 */
const rows = [
  ["model"],
  ["config", "tools", "ledger", "outputs"],
  ["runners", "collectors", "operations"],
  ["engine"],
  ["http", "provision", "render"],
  ["commands"],
];
const everything = rows.flat();

const direction = rows.flatMap((row, index) => {
  const above = rows.slice(0, index).flat();
  return row.map((folder) => {
    const allowed = [folder, ...(folder === "outputs" ? ["model"] : above)];
    const forbidden = [...everything.filter((other) => !allowed.includes(other))].join("|");
    return {
      name: `direction-${folder}`,
      comment: `src/${folder} may import only ${allowed.join(", ")}`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { path: `^src/(${forbidden})/|^src/main\\.ts$` },
    };
  });
});

const homes = {
  execa: "^src/tools/exec\\.ts$",
  "@aws-sdk/client-s3": "^src/tools/s3/s3\\.ts$",
  "@grafana/grafana-foundation-sdk": "^src/provision/grafana/",
  "@datadog/datadog-api-client": "^src/provision/targets/datadog\\.ts$",
  "better-sqlite3": "^src/ledger/sqlite\\.ts$",
  "prom-client": "^src/outputs/prometheus\\.ts$",
  "hot-shots": "^src/outputs/dogstatsd\\.ts$",
  express: "^src/http/",
  croner: "^src/model/time/schedule\\.ts$",
  yaml: "^src/(config|provision)/",
};

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "not-resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...direction,
    ...Object.entries(homes).map(([name, home]) => ({
      name: `home-${name.replace(/[@/]/g, "-")}`,
      comment: `${name} has one home: ${home}`,
      severity: "error",
      from: { path: "^src/", pathNot: home },
      to: { path: `^node_modules/(@types/)?${name}(/|$)` },
    })),
    {
      name: "home-child_process",
      comment: "programs are started in src/tools/exec.ts only",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/tools/exec\\.ts$" },
      to: { path: "^(node:)?child_process$" },
    },
    {
      name: "definitions-import-model-only",
      comment: "monitors/ and dashboards/ know the model, nothing else",
      severity: "error",
      from: { path: "^(monitors|dashboards)/" },
      to: { path: "^src/", pathNot: "^src/model/" },
    },
    {
      name: "no-tests-in-product",
      severity: "error",
      from: { path: "^(src|monitors|dashboards)/" },
      to: { path: "^(test|bench|setup|examples)/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
