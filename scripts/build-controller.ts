/**
 * Bundles the controller into one file, dist/controller/main.js, for the image and for running it outside a cluster.
 */
import { bundle } from './bundle.ts';

await bundle({ entry: 'controller/src/main.ts', outfile: 'dist/controller/main.js', sourcemap: true, minify: false });
