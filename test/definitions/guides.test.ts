/** The tables of fields in the guides are written by hand. They have every field, and the defaults of the schema. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { taskSchema } from '../../controller/src/domain/testing/crd-schema.ts';
import { readParameters } from '../../scripts/definition-parameters.ts';

const parameters = await readParameters('task');

/** As a person writes it in one line of YAML. */
const written = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));

/** The defaults that a guide's table shows, by field, of the rows whose fields begin so. */
async function rowsOf(guide: string, prefix: string): Promise<ReadonlyMap<string, string>> {
  const page = await readFile(new URL(`../../docs/guides/${guide}.md`, import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([\w.]+)` \| (.*?) ?\| /gm)];
  return new Map(
    rows.flatMap(([, name = '', shown = '']) => (name.startsWith(prefix) ? [[name.slice(prefix.length), shown]] : [])),
  );
}

describe.each([
  { guide: 'execution-policy', parameter: 'executionPolicy', prefix: '' },
  { guide: 'retry-and-timeouts', parameter: 'retry', prefix: 'retry.' },
  { guide: 'schedules', parameter: 'schedule', prefix: 'schedule.' },
])('the guide $guide', ({ guide, parameter, prefix }) => {
  it('has each field', async () => {
    const fields = parameters.find(({ name }) => name === parameter)?.fields ?? [];
    expect([...(await rowsOf(guide, prefix)).keys()].sort()).toEqual(fields.map(({ name }) => name).sort());
  });

  it('has the defaults of the schema', async () => {
    const rows = await rowsOf(guide, prefix);
    const fields = taskSchema.properties?.['spec']?.properties?.[parameter]?.properties ?? {};
    const wrong = Object.entries(fields).filter(
      ([name, schema]) => schema.default !== undefined && rows.get(name) !== `\`${written(schema.default)}\``,
    );
    expect(wrong).toEqual([]);
  });
});
