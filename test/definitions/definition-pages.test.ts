import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { definitionNames } from '../../scripts/definition-files.ts';
import { exampleOf } from '../../scripts/definition-pages.ts';
import { readParameters, type Parameter } from '../../scripts/definition-parameters.ts';

const names = await definitionNames();
const field = (fields: readonly Parameter[], path: string): Parameter | undefined =>
  path
    .split('.')
    .reduce<Parameter | undefined>((parent, name) => (parent?.fields ?? []).find((one) => one.name === name), {
      fields,
    } as Parameter);

describe('what is read of parameters', () => {
  it('is each with its type, default, condition and what it is for', async () => {
    const task = await readParameters('task');
    expect(field(task, 'executionPolicy.keepLast')).toMatchObject({
      type: 'int',
      required: false,
      usage: expect.stringContaining('default 3') as string,
    });
    expect(field(task, 'schedule.cron')).toMatchObject({ type: 'string | [...string]', required: true });
    expect(field(task, 'livenessProbe.httpGet.httpHeaders')).toMatchObject({ type: '[...object]', required: false });
    expect(field(task, 'livenessProbe.periodSeconds')).toMatchObject({ default: '10', required: false });
    expect(field(task, 'volumes.claimName')).toMatchObject({ when: 'type == "pvc"', required: true });
    expect(field(task, 'env')).toMatchObject({ type: '[...object]' });
  });

  it('continues in the underlying definition, only for the parameters that are used', async () => {
    expect(field(await readParameters('cron-task'), 'schedule')).toMatchObject({
      required: true,
      type: 'string | [...string]',
      fields: [],
    });
    expect(field(await readParameters('task-flow'), 'steps.env.valueFrom.secretKeyRef.key')).toMatchObject({
      required: true,
    });
    expect(field(await readParameters('task-flow'), 'image')).toBeUndefined();
  });

  it.each(names)('is as many fields of %s as its text has at the outermost level, each once', async (name) => {
    const fields = (await readParameters(name)).map((one) => one.name);
    expect(new Set(fields).size).toBe(fields.length);
    expect(fields.length).toBeGreaterThan(2);
  });
});

describe('the pages of definitions', () => {
  it.each(names)('%s has an example of it', async (name) => {
    const documents = parseAllDocuments(
      await readFile(new URL(`../../examples/${exampleOf[name]}`, import.meta.url), 'utf8'),
    );
    expect(JSON.stringify(documents.map((document) => document.toJS() as unknown))).toContain(`"type":"${name}"`);
  });
});
