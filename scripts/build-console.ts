/** Bundles the console into dist/console, which the controller serves. */
import { bundleConsole } from './console-bundle.ts';

await bundleConsole();
