/**
 * Bundles the controller into dist/controller/main.js, for the image and for running it outside a cluster. What sends
 * traces is in a file beside it, which is read only where traces are sent, and so is the program of SQLite's thread.
 */
import { bundle } from './bundle.ts';
import { writeBundledPackages } from './bundled-packages.ts';

const traces = 'traces.mjs';

const main = await bundle({
  entry: 'controller/src/main.ts',
  outfile: 'dist/controller/main.js',
  sourcemap: true,
  minify: false,
  apart: { './otlp.ts': `./${traces}` },
});
const tracing = await bundle({
  entry: 'controller/src/tracing/otlp.ts',
  outfile: `dist/controller/${traces}`,
  sourcemap: true,
  minify: false,
});
const sqlite = await bundle({
  entry: 'controller/src/archive/sqlite-worker.ts',
  outfile: 'dist/controller/sqlite-worker.mjs',
  sourcemap: true,
  minify: false,
});
await writeBundledPackages('controller', [...main, ...tracing, ...sqlite]);
