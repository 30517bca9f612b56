/** Builds CUE as WebAssembly in each of the releases, and says where it lies. */
import { buildCue, cueVersions, type CueVersion } from './build.ts';

for (const version of Object.keys(cueVersions) as CueVersion[])
  console.log(`CUE ${version} as WebAssembly: ${(await buildCue(version)).wasm}`);
