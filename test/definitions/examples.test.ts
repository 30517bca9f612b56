import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  createCue,
  cueVersions,
  type Cue,
  type CueVersion,
  type Definition,
  type JsonObject,
} from '../../cue/ts/index.ts';
import { notFound, type SoughtObject } from '../../controller/src/vela/not-found.ts';
import { definitionNames, readDefinition } from '../../scripts/definition-files.ts';
import { problemsOf } from './schema.ts';

const folder = new URL('../../examples/', import.meta.url);

interface Trait {
  type: string;
  properties: JsonObject;
}
interface Application {
  kind: 'Application';
  metadata: { name: string };
  spec: {
    components: { name: string; type: string; properties: JsonObject; traits?: Trait[] }[];
    workflow?: { steps: { name: string; type: string; properties: JsonObject }[] };
  };
}
interface TaskRun {
  kind: 'TaskRun';
  spec: { taskRef: { name: string } };
}

const examples = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
const read = async (file: string) =>
  parseAllDocuments(await readFile(new URL(file, folder), 'utf8')).map(
    (document) => document.toJS() as Application | TaskRun,
  );

/** What traits of ours make of a component. */
async function withTraits(
  ours: Readonly<Record<string, Definition>>,
  traits: readonly Trait[],
  context: JsonObject,
  rendered: JsonObject,
): Promise<JsonObject> {
  let output = rendered;
  for (const { type, properties } of traits)
    output = (
      await (ours[type] as Definition).patch({ parameter: properties, context: { ...context, output }, base: output })
    ).output;
  return output;
}

/** What a workflow step applies where there is no Task yet. */
async function appliedBy(definition: Definition, parameter: JsonObject, context: JsonObject): Promise<JsonObject> {
  const read = await definition.step({ parameter, context, answers: [] });
  const apply =
    read &&
    (await definition.step({
      parameter,
      context,
      answers: [
        {
          path: read.path,
          returns: { ...read.params, err: notFound(read.params['value'] as SoughtObject) },
        },
      ],
    }));
  expect(apply).toMatchObject({ do: 'apply' });
  return apply?.params['value'] as JsonObject;
}

describe.each(Object.keys(cueVersions) as CueVersion[])('examples, with CUE %s', (version) => {
  let cue: Cue;
  const ours: Record<string, Definition> = {};

  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    for (const name of await definitionNames()) ours[name] = await cue.compile(await readDefinition(name));
  });
  afterAll(() => cue.close());

  it.each(examples)('%s is what the definitions understand and the API server takes', async (file) => {
    const documents = await read(file);
    const tasks: string[] = [];
    for (const { metadata, spec } of documents.filter((document) => document.kind === 'Application')) {
      for (const { name, type, properties, traits = [] } of spec.components.filter(({ type }) => type in ours)) {
        const context = {
          name,
          namespace: 'default',
          appName: metadata.name,
          appRevision: `${metadata.name}-v1`,
          appRevisionNum: 1,
          publishVersion: '',
        };
        const rendered = (await (ours[type] as Definition).render({ parameter: properties, context }))
          .output as JsonObject;
        const output = (await withTraits(ours, traits, context, rendered)) as { metadata: { name: string } };
        expect(problemsOf(output)).toEqual([]);
        tasks.push(output.metadata.name);
      }
      for (const { name, type, properties } of spec.workflow?.steps.filter(({ type }) => type in ours) ?? []) {
        const context = {
          name: metadata.name,
          namespace: 'default',
          appRevision: `${metadata.name}-v1`,
          stepName: name,
          stepSessionID: 'cwvuisx3x4',
        };
        const output = (await appliedBy(ours[type] as Definition, properties, context)) as {
          metadata: { name: string };
        };
        expect(problemsOf(output)).toEqual([]);
        tasks.push(output.metadata.name);
      }
    }
    expect(tasks).not.toEqual([]);
    for (const run of documents.filter((document) => document.kind === 'TaskRun')) {
      expect(problemsOf(run)).toEqual([]);
      expect(tasks).toContain(run.spec.taskRef.name);
    }
  });
});

it('has an example of what people ask for first', () => {
  expect(examples).toEqual(
    expect.arrayContaining([
      'app-worker.yaml',
      'scheduled.yaml',
      'cron-task.yaml',
      'run-by-hand.yaml',
      'as-cronjob-does.yaml',
      'as-gitjob-does.yaml',
      'queued.yaml',
    ]),
  );
});
