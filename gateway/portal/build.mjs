// SPDX-License-Identifier: EUPL-1.2
// Builds the pages into dist/: generated messages, catalogues (a missing translation fails the build), type check, bundle, first-load size.
// node build.mjs [--out FOLDER]
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { compileCatalogues } from "./catalogues.mjs";

const FIRST_LOAD_MAX = 120 * 1024; // octets, compressed
const here = fileURLToPath(new URL(".", import.meta.url));
process.chdir(here);
const wanted = process.argv.indexOf("--out");
const out = wanted > 0 ? process.argv[wanted + 1] : join(here, "dist");

function run(program, ...args) {
  execFileSync(join(here, "node_modules", ".bin", program), args, { stdio: "inherit" });
}

rmSync("gen", { recursive: true, force: true });
run("buf", "generate");
const catalogues = compileCatalogues();
mkdirSync("gen/catalogues", { recursive: true });
for (const [language, catalogue] of Object.entries(catalogues)) writeFileSync(`gen/catalogues/${language}.json`, JSON.stringify(catalogue));
run("tsc", "-p", "tsconfig.json");

rmSync(out, { recursive: true, force: true });
const built = await esbuild.build({
  entryPoints: { app: "src/main.tsx", style: "src/style.css" },
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  outdir: join(out, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  metafile: true,
});

const outputs = Object.entries(built.metafile.outputs);
const nameOf = (path) => path.slice(path.lastIndexOf("/assets/") + 1);
const entry = (source) => outputs.find(([, o]) => o.entryPoint === source)[0];
const script = entry("src/main.tsx");
const style = entry("src/style.css");

// What the first page needs: the entry, what it imports at once, the style, and one catalogue.
function closure(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const i of built.metafile.outputs[path].imports) if (i.kind === "import-statement") closure(i.path, seen);
  return seen;
}
const first = [...closure(script), style];
writeFileSync(
  join(out, "index.html"),
  `<!doctype html>
<html lang="sv" data-color-scheme="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Start</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/${nameOf(style)}">
<script type="module" src="/${nameOf(script)}"></script>
</head>
<body><div id="app"><noscript>JavaScript</noscript></div></body>
</html>
`,
);
const largest = Math.max(...outputs.filter(([, o]) => Object.keys(o.inputs).some((i) => i.startsWith("gen/catalogues/"))).map(([p]) => gzipSync(readFileSync(p)).length));
const size = first.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0) + largest;
console.log(`first load: ${Math.round(size / 1024)} kB compressed (at most ${FIRST_LOAD_MAX / 1024})`);
if (size > FIRST_LOAD_MAX) throw new Error("the first load is too large");
