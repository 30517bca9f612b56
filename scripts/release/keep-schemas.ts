/** Keeps the CRDs' schemas of the version that is being released, for test/definitions/released.test.ts. */
import { writeFile } from 'node:fs/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { currentSchemas } from './schemas.ts';

const file = `test/definitions/released/${packageJson.version}.json`;
await writeFile(file, `${JSON.stringify(await currentSchemas())}\n`);
console.log(`${file}: commit it with the release`);
