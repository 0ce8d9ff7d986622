// Write ui/vendor/plotly: a bundle named after its content, and the licences of all that is in it.
// In this folder: npm ci --ignore-scripts && node build.mjs. The settings are those of Plotly's own esbuild-config.js.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import esbuild from 'esbuild';
import { environmentPlugin } from 'esbuild-plugin-environment';
import { glsl } from 'esbuild-plugin-glsl';
import InlineCss from 'esbuild-plugin-inline-css';

const here = import.meta.dirname;
const folder = join(here, '..', '..', 'ui', 'vendor', 'plotly');

const built = await esbuild.build({
  absWorkingDir: here,
  entryPoints: ['entry.js'],
  bundle: true,
  minify: true,
  format: 'iife',
  globalName: 'Plotly',
  target: 'es2016',
  alias: { regl: '@plotly/regl', stream: 'stream-browserify' },
  define: { global: 'window', 'define.amd': 'false' },
  plugins: [(InlineCss.default ?? InlineCss)(), glsl({ minify: true }), environmentPlugin({ NODE_DEBUG: false })],
  legalComments: 'none', // all licences are written beside it
  metafile: true,
  write: false,
  outdir: folder,
});

function packagesOf(metafile) {
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output.inputs).filter(([, input]) => input.bytesInOutput > 0);
  const folders = inputs.map(([path]) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  return [...new Set(folders.filter(Boolean))].sort();
}

function licenceOf(path) {
  const root = join(here, path);
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const file = readdirSync(root).find((one) => /^(licen[cs]e|copying)/i.test(one));
  const text = file ? readFileSync(join(root, file), 'utf8').trim() : `License: ${license}`;
  return `${name} ${version}\n${'='.repeat(`${name} ${version}`.length)}\n\n${text.replaceAll('\r\n', '\n').replaceAll(/[ \t]+$/gm, '')}\n`;
}

const [script] = built.outputFiles;
const hash = createHash('sha256').update(script.contents).digest('hex').slice(0, 8);
if (existsSync(folder)) rmSync(folder, { recursive: true });
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, `plotly.${hash}.js`), script.contents);
writeFileSync(join(folder, 'LICENSES.txt'), packagesOf(built.metafile).map(licenceOf).join('\n\n'));
console.log(`plotly.${hash}.js: ${script.contents.length} bytes`);
