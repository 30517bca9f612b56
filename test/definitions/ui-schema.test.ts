import { describe, expect, it } from 'vitest';
import { taskSchema, type Schema } from '../../controller/src/domain/testing/crd-schema.ts';
import { createCue } from '../../cue/ts/index.ts';
import { definitionNames, readDefinition } from '../../scripts/definition-files.ts';
import { readParameters, type Parameter } from '../../scripts/definition-parameters.ts';
import { formFiles, readForm, type FormEntry } from '../../scripts/forms.ts';

/** Those that VelaUX draws, as far as we use them. */
const uiTypes = [
  'Input',
  'Number',
  'Switch',
  'Select',
  'Strings',
  'Structs',
  'Group',
  'KV',
  'Ignore',
  'ImageInput',
  'CPUNumber',
  'MemoryNumber',
  'SecretSelect',
  'SecretKeySelect',
];

const files = await formFiles();
const spec = taskSchema.properties?.['spec']?.properties ?? {};
const nameOf = (file: string) => /^(?:component|trait|workflowstep)-uischema-(.+)\.yaml$/.exec(file)?.[1] ?? '';

/** What is wrong with the form of some fields, in words, and with those below. */
function problems(form: readonly FormEntry[], fields: readonly Parameter[], path: string): string[] {
  const keys = form.map(({ jsonKey }) => jsonKey);
  const disabled = form.filter(({ disable }) => disable === true).map(({ jsonKey }) => jsonKey);
  return [
    ...keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${path}${key} is there twice`),
    ...fields
      .filter(({ name, required, when }) => required && when === undefined && disabled.includes(name))
      .map(({ name }) => `${path}${name} is required and not shown`),
    ...form.flatMap((entry) =>
      problemsOfEntry(
        entry,
        keys,
        fields.find(({ name }) => name === entry.jsonKey),
        path,
      ),
    ),
  ];
}

function problemsOfEntry(
  entry: FormEntry,
  siblings: readonly string[],
  field: Parameter | undefined,
  path: string,
): string[] {
  const { jsonKey, conditions = [], subParameterGroupOption: groups = [], subParameters = [] } = entry;
  const at = `${path}${jsonKey}`;
  if (!field) return [`the definition has no ${at}`];
  const below = field.fields.map(({ name }) => name);
  return [
    ...(entry.disable === true ? [] : problemsOfShown(entry, field, at)),
    ...conditions
      .filter((condition) => !siblings.includes(condition.jsonKey))
      .map((condition) => `${at} depends on ${condition.jsonKey}, which is not beside it`),
    ...groups.flatMap(({ keys }) =>
      keys.filter((key) => !below.includes(key)).map((key) => `${at} groups ${key}, which it does not have`),
    ),
    ...problems(subParameters, field.fields, `${at}.`),
  ];
}

function problemsOfShown(
  { label, sort, uiType = '', validate }: FormEntry,
  { required }: Parameter,
  at: string,
): string[] {
  const rules: [holds: boolean, problem: string][] = [
    [
      uiTypes.includes(uiType) && label !== undefined && sort !== undefined,
      `${at} has no label, place or type that VelaUX knows`,
    ],
    [
      required === (validate?.required ?? false),
      `${at} is ${required ? '' : 'not '}required, and the form says otherwise`,
    ],
    [uiType !== 'Select' || (validate?.options ?? []).length > 1, `${at} has nothing to select`],
  ];
  return rules.flatMap(([holds, problem]) => (holds ? [] : [problem]));
}

/** Fields that a form does not name, with those below what it shows field by field. */
function unnamed(form: readonly FormEntry[], fields: readonly Parameter[], path: string): string[] {
  return fields.flatMap(({ name, fields: below }) => {
    const entry = form.find(({ jsonKey }) => jsonKey === name);
    if (!entry) return [`${path}${name}`];
    return entry.subParameters ? unnamed(entry.subParameters, below, `${path}${name}.`) : [];
  });
}

/** Values that a form and the API server treat differently. */
function differences({ validate }: FormEntry, schema: Schema | undefined): string[] {
  if (!schema) return ['the Task has no such field'];
  const { options, min, max } = validate ?? {};
  const [shown, allowed] = [
    options
      ?.map(({ value }) => value)
      .sort()
      .join(),
    [...(schema.enum ?? [])].sort().join(),
  ];
  return [
    ...(options && shown !== allowed ? [`${shown}, not ${allowed}`] : []),
    ...(max !== undefined && (min !== schema.minimum || max !== schema.maximum)
      ? [`${min} to ${max}, not ${schema.minimum} to ${schema.maximum}`]
      : []),
  ];
}

describe('the forms', () => {
  it('are one for each definition, named after its type', async () => {
    const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
    const expected = await Promise.all(
      (await definitionNames()).map(
        async (name) =>
          `${(await (await cue.compile(await readDefinition(name))).describe()).type.replace('-', '')}-uischema-${name}.yaml`,
      ),
    ).finally(() => cue.close());
    expect(files).toEqual(expected.sort());
  });

  it.each(files)('%s fits the parameters of its definition', async (file) => {
    expect(problems(await readForm(file), await readParameters(nameOf(file)), '')).toEqual([]);
  });

  it.each(files)('%s shows or leaves out on purpose each parameter', async (file) => {
    expect(unnamed(await readForm(file), await readParameters(nameOf(file)), '')).toEqual([]);
  });

  it.each(files)('%s allows what the API server allows', async (file) => {
    for (const { jsonKey: group, subParameters = [] } of await readForm(file)) {
      if (group !== 'executionPolicy' && group !== 'retry') continue;
      for (const entry of subParameters)
        expect(differences(entry, spec[group]?.properties?.[entry.jsonKey]), `${group}.${entry.jsonKey}`).toEqual([]);
    }
  });
});

describe('what checks forms', () => {
  const field = (name: string, more: Partial<Parameter> = {}): Parameter => ({
    name,
    required: false,
    type: 'string',
    default: undefined,
    usage: '',
    when: undefined,
    fields: [],
    ...more,
  });
  it('sees keys that are not there, and required ones that are not shown', () => {
    expect(problems([{ jsonKey: 'imege', label: 'Image', sort: 1, uiType: 'Input' }], [field('image')], '')).toEqual([
      'the definition has no imege',
    ]);
    expect(problems([{ jsonKey: 'cron', disable: true }], [field('cron', { required: true })], 'schedule.')).toEqual([
      'schedule.cron is required and not shown',
    ]);
  });
  it('sees fields that are not named, also below what is shown field by field', () => {
    const policy = field('executionPolicy', { fields: [field('keepLast'), field('unique')] });
    const form = [{ jsonKey: 'executionPolicy', subParameters: [{ jsonKey: 'unique', disable: true }] }];
    expect(unnamed(form, [policy, field('image')], '')).toEqual(['executionPolicy.keepLast', 'image']);
    expect(unnamed([{ jsonKey: 'executionPolicy', disable: true }], [policy], '')).toEqual([]);
  });
});
