/** The names of Tasks: no two components of a namespace meet, whatever their Applications are called. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskName } from '../../controller/src/domain/policies/task-name.ts';
import { createCue, cueVersions, type Cue, type CueVersion, type Definition } from '../../cue/ts/index.ts';
import { readDefinition } from '../../scripts/definition-files.ts';

const kept = { 'task.oam.dev/joined-by': '-' };
const words = ['a', 'b', 'a-b', 'b-a', 'a-b-a', 'a--b', 'a-b--a', 'a---b', 'a----b--a'];
const pairs = words.flatMap((application) => words.map((part) => [application, part] as const));

describe.each(Object.keys(cueVersions) as CueVersion[])('the name of a Task, by CUE %s,', (version) => {
  let cue: Cue;
  let task: Definition;
  let runTask: Definition;
  beforeAll(async () => {
    cue = await createCue({ version });
    task = await cue.compile(await readDefinition('task'));
    runTask = await cue.compile(await readDefinition('run-task'));
  });
  afterAll(() => cue.close());

  async function ofComponent(appName: string, name: string, appAnnotations: object = {}): Promise<string> {
    const context = { name, namespace: 'default', appName, appRevision: `${appName}-v1`, appAnnotations };
    const { output } = await task.render({ parameter: { image: 'busybox' }, context });
    return (output?.['metadata'] as { name: string }).name;
  }

  async function ofStep(name: string, stepName: string, appAnnotations: object | null = null): Promise<string> {
    const context = {
      name,
      namespace: 'default',
      appRevision: `${name}-v1`,
      stepName,
      stepSessionID: 'id',
      appAnnotations,
    };
    const action = await runTask.step({ parameter: { image: 'busybox' }, context, answers: [] });
    return (action?.params['value'] as { metadata: { name: string } }).metadata.name;
  }

  it('is made of two names, and no other two make the same', async () => {
    const names = new Map<string, string>();
    for (const [application, part] of pairs) {
      const name = await ofComponent(application, part);
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      expect(names.get(name), `${application} ${part}`).toBeUndefined();
      names.set(name, `${application} ${part}`);
      // The plan and the controller know it, too.
      expect(name).toBe(taskName(application, part));
    }
  });

  it('is the same for a step', async () => {
    for (const [application, part] of pairs.slice(0, 20))
      expect(await ofStep(application, part)).toBe(taskName(application, part));
  });

  it('stays joined with one dash where the Application says so', async () => {
    expect(await ofComponent('shop', 'eu-dump', kept)).toBe('shop-eu-dump');
    expect(await ofStep('shop', 'eu-dump', kept)).toBe('shop-eu-dump');
    expect(await ofComponent('shop', 'eu-dump', { 'task.oam.dev/joined-by': '+' })).toBe('shop--eu-dump');
    expect(taskName('shop', 'eu-dump', '-')).toBe('shop-eu-dump');
  });
});
