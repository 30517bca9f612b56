/** Keeps the CRDs' schemas of the version that is being released, for test/definitions/released.test.ts. */
import { writeFile } from 'node:fs/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { keptFile, keptText } from './schemas.ts';

const file = keptFile(packageJson.version);
await writeFile(file, await keptText());
console.log(`${file}: commit it with the release`);
