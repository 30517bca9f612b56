/**
 * Makes dist/task-runs, the directory that `vela addon enable` takes, from metadata.yaml, addon/, definitions/ and
 * observability/. What is made and not copied: YAML anchors and what forms share are written out, and the definitions
 * become objects in dist/task-runs/resources/definitions.cue, because KubeVela deletes what is in an addon's
 * definitions/ with the addon (docs/decisions/0010-disable-leaves-a-task.md). In one piece each, as `vela def vet`
 * takes them, they are in dist/definitions.
 */
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { createCue, type Cue, type JsonObject } from '../cue/ts/index.ts';
import { definitionManifest } from '../sandbox/src/kubevela/definition-manifest.ts';
import { renderAddon } from './addon-files.ts';
import { definitionNames, readDefinition } from './definition-files.ts';
import { formFiles, readForm } from './forms.ts';
import { plainCronTask, plainTask } from './plain-task.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const source = join(repository, 'addon');
const target = join(repository, 'dist/task-runs');

/** What takes a definition's place when the addon is disabled. The others go with the addon. */
const plain: Record<string, (definition: string) => string> = { task: plainTask, 'cron-task': plainCronTask };

/** The manifests of the addon's definitions, and of what takes their place. */
async function definitionsOf(cue: Cue, texts: Record<string, string>): Promise<string> {
  const manifest = async (text: string) =>
    definitionManifest(await (await cue.compile(text)).describe(), 'vela-system');
  const definitions: { ours: JsonObject; plain: JsonObject } = { ours: {}, plain: {} };
  for (const [name, text] of Object.entries(texts)) {
    definitions.ours[name] = await manifest(text);
    const replacement = plain[name]?.(text);
    if (replacement !== undefined) definitions.plain[name] = await manifest(replacement);
  }
  return `package main\n\ndefinitions: ${JSON.stringify(definitions, undefined, '\t')}\n`;
}

/** Without anchors: KubeVela's reader is not ours to count on. */
function written(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** The groups of rules that a PrometheusRule has. */
async function alerts(): Promise<string> {
  const rules = parse(await readFile(join(repository, 'observability/task-runs.rules.yaml'), 'utf8')) as JsonObject;
  return `package main\n\nalerts: ${JSON.stringify(rules, undefined, '\t')}\n`;
}

async function assemble(cue: Cue, draft: string, texts: Record<string, string>): Promise<void> {
  await rm(draft, { recursive: true, force: true });
  for (const folder of ['resources', 'schemas']) await mkdir(join(draft, folder), { recursive: true });
  for (const name of await formFiles()) await writeFile(join(draft, 'schemas', name), written(await readForm(name)));
  await copyFile(join(repository, 'metadata.yaml'), join(draft, 'metadata.yaml'));
  for (const name of ['parameter.cue', 'template.cue', 'NOTES.cue', 'README.md'])
    await copyFile(join(source, name), join(draft, name));
  for (const name of await readdir(join(source, 'resources'))) {
    const text = await readFile(join(source, 'resources', name), 'utf8');
    await writeFile(join(draft, 'resources', name), name.endsWith('.yaml') ? written(parse(text)) : text);
  }
  await writeFile(join(draft, 'resources/definitions.cue'), await definitionsOf(cue, texts));
  await writeFile(join(draft, 'resources/alerts.cue'), await alerts());
  await renderAddon(cue, draft);
}

async function writeDefinitions(texts: Record<string, string>): Promise<void> {
  const folder = join(repository, 'dist/definitions');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, `${name}.cue`), text);
}

const draft = `${target}.${process.pid}`;
const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
try {
  const texts: Record<string, string> = {};
  for (const name of await definitionNames()) texts[name] = await readDefinition(name);
  await assemble(cue, draft, texts);
  await writeDefinitions(texts);
  await rm(target, { recursive: true, force: true });
  await rename(draft, target);
  console.log('the addon is in dist/task-runs: `vela addon enable dist/task-runs` enables it in a cluster');
} finally {
  await rm(draft, { recursive: true, force: true });
  await cue.close();
}
