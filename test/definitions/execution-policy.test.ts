import { expect, it } from 'vitest';
import { taskSchema } from '../../controller/src/domain/testing/crd-schema.ts';
import { readParameters } from '../../scripts/definition-parameters.ts';

const fields = taskSchema.properties?.['spec']?.properties?.['executionPolicy']?.properties ?? {};

it.each(['task', 'cron-task', 'daemon-task', 'task-flow'])('%s has each field of executionPolicy', async (name) => {
  const policy = (await readParameters(name)).find((parameter) => parameter.name === 'executionPolicy');
  expect(policy?.fields.map((field) => field.name).sort()).toEqual(Object.keys(fields).sort());
});
