/**
 * Writes a release into dist/release: `npm run release -- [--draft] [--image registry/task-runs:1.0.0] [--index
 * index.yaml] [--base https://...] [--source https://...]`. See docs/contributing/releasing.md.
 */
import { parseArgs } from 'node:util';
import { release } from './release.ts';

const { values } = parseArgs({
  options: {
    draft: { type: 'boolean', default: false },
    image: { type: 'string' },
    index: { type: 'string' },
    base: { type: 'string' },
    source: { type: 'string' },
  },
});

try {
  const { index: earlierIndex, ...others } = values;
  await release({ ...others, earlierIndex });
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
