/**
 * Bundles the controller into one file, dist/controller/main.js, for the image and for running it outside a cluster.
 */
import { build } from 'esbuild';

await build({
  entryPoints: ['controller/src/main.ts'],
  outfile: 'dist/controller/main.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  // Some of what is bundled is CommonJS and calls require() for Node's own modules.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
});
