/**
 * Makes dist/task-runs, the directory that `vela addon enable` takes, from addon/ and definitions/. What is made and not
 * copied: YAML anchors are written out, and the definitions become objects in resources/definitions.cue, because KubeVela
 * deletes what is in an addon's definitions/ with the addon (docs/decisions/0010-disable-leaves-a-task.md).
 */
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { createCue, type Cue, type Description, type JsonObject } from '../cue/ts/index.ts';
import { renderAddon } from './addon-files.ts';
import { plainTask } from './plain-task.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const source = join(repository, 'addon');
const target = join(repository, 'dist/task-runs');

/** The ComponentDefinition that `vela def apply` would make of a definition. */
function componentDefinition({ name, description, annotations, labels, attributes, template }: Description): JsonObject {
  const { workload, status } = attributes;
  return {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'ComponentDefinition',
    metadata: { name, annotations: { 'definition.oam.dev/description': description, ...annotations }, labels },
    spec: { workload, ...(status !== undefined && { status }), schematic: { cue: { template } } },
  };
}

async function definitionsOf(cue: Cue): Promise<string> {
  const task = await readFile(join(repository, 'definitions/task.cue'), 'utf8');
  const definitions = {
    task: componentDefinition(await (await cue.compile(task)).describe()),
    plainTask: componentDefinition(await (await cue.compile(plainTask(task))).describe()),
  };
  return `package main\n\ndefinitions: ${JSON.stringify(definitions, undefined, '\t')}\n`;
}

/** One object a file, without anchors: KubeVela's reader is not ours to count on. */
function expanded(text: string): string {
  return stringify(parse(text), { aliasDuplicateObjects: false, lineWidth: 0 });
}

async function assemble(cue: Cue, draft: string): Promise<void> {
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, 'resources'), { recursive: true });
  for (const name of ['metadata.yaml', 'parameter.cue', 'template.cue', 'NOTES.cue', 'README.md']) await copyFile(join(source, name), join(draft, name));
  for (const name of await readdir(join(source, 'resources'))) {
    const text = await readFile(join(source, 'resources', name), 'utf8');
    await writeFile(join(draft, 'resources', name), name.endsWith('.yaml') ? expanded(text) : text);
  }
  await writeFile(join(draft, 'resources/definitions.cue'), await definitionsOf(cue));
  await renderAddon(cue, draft);
}

const draft = `${target}.${process.pid}`;
const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
try {
  await assemble(cue, draft);
  await rm(target, { recursive: true, force: true });
  await rename(draft, target);
  console.log('dist/task-runs: enable it with `vela addon enable dist/task-runs`');
} finally {
  await rm(draft, { recursive: true, force: true });
  await cue.close();
}
