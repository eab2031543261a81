// Bundles the scripts and stylesheets of the admin's pages into static/built. That folder is committed, so whoever
// builds userlog needs Go and no Node.js. With --check nothing is written: it fails where what is committed is stale.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../static");

const options = { absWorkingDir: root, bundle: true, minify: true, write: false, metafile: true, legalComments: "none" };

// target is the oldest browsers that a bundle is translated for. What can't be translated, such as a lookbehind, the scripts do without.
const target = ["es2022", "safari16"];

// bundle returns what an entry and its imports become, and which files these are.
async function bundle(entry, more) {
  const { outputFiles, metafile } = await esbuild.build({ ...options, ...more, entryPoints: [entry] });
  return { content: outputFiles[0].contents, inputs: Object.keys(metafile.inputs) };
}

// concatenate returns files one after the other, as they are.
async function concatenate(...inputs) {
  const parts = await Promise.all(inputs.map((name) => readFile(join(root, name), "utf8")));
  return { content: Buffer.from(`${parts.join("\n")}\n`), inputs };
}

// follow puts a bundle behind a file that is there.
function follow(first, then) {
  return { content: Buffer.concat([first.content, Buffer.from(then.content)]), inputs: [...first.inputs, ...then.inputs] };
}

// htmx and its websocket extension are one file because they race as two: now and then the page was processed
// before the extension was there, and the live log never connected. They are not bundled, since the extension finds
// htmx as a global variable.
const built = {
  "app.css": await bundle("css/main.css"),
  "app.js": await bundle("main.js", { format: "esm", target }),
  "htmx.js": follow(
    await concatenate("vendor/htmx.min.js", "vendor/hx-ws.min.js"),
    await bundle("htmx_security.js", { format: "iife", target }),
  ),
};

const sumOf = (content) => createHash("sha256").update(content).digest("hex");

// sums lists what was built and what it was built from. A test compares it with the files, without Node.js.
async function sums() {
  const lines = Object.entries(built).map(([name, { content }]) => `${sumOf(content)}  built/${name}`);
  const inputs = Object.values(built).flatMap((b) => b.inputs);
  for (const name of [...new Set(inputs)].sort()) lines.push(`${sumOf(await readFile(join(root, name)))}  ${name}`);
  return Buffer.from(`# made by esbuild ${esbuild.version}\n${lines.join("\n")}\n`);
}

const files = { SUMS: await sums() };
for (const [name, { content }] of Object.entries(built)) files[name] = Buffer.from(content);

if (argv.includes("--check")) {
  for (const [name, content] of Object.entries(files)) {
    const committed = await readFile(join(root, "built", name)).catch(() => Buffer.alloc(0));
    if (committed.equals(content)) continue;
    console.error(`static/built/${name} is stale: run make assets`);
    exit(1);
  }
} else {
  await mkdir(join(root, "built"), { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, "built", name), content);
}
