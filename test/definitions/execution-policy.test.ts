/** A field of executionPolicy stands in several places that no generator writes. Each of them has every field. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { taskSchema } from '../../controller/src/domain/testing/crd-schema.ts';
import { readParameters } from '../../scripts/definition-parameters.ts';

const fields = Object.entries(taskSchema.properties?.['spec']?.properties?.['executionPolicy']?.properties ?? {});
const names = fields.map(([name]) => name).sort();

/** As a person writes it in one line of YAML. */
const written = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));

it.each(['task', 'cron-task', 'daemon-task', 'task-flow'])('%s has each field', async (definition) => {
  const policy = (await readParameters(definition)).find(({ name }) => name === 'executionPolicy');
  expect(policy?.fields.map(({ name }) => name).sort()).toEqual(names);
});

it('the guide has each field, with its default', async () => {
  const page = await readFile(new URL('../../docs/guides/execution-policy.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.*?) ?\| /gm)].map(([, name = '', shown]) => [name, shown] as const);
  expect(rows.map(([name]) => name).sort()).toEqual(names);
  const shown = new Map(rows);
  for (const [name, schema] of fields)
    if (schema.default !== undefined) expect(shown.get(name), name).toBe(`\`${written(schema.default)}\``);
});
