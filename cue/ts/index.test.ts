import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCue, cueVersions, type Cue, type CueError, type CueVersion, type Definition } from './index.ts';

const recordings = new URL('../../test/recordings/kubevela-1.10.9/', import.meta.url);
const context = {
  name: 'job1',
  namespace: 'default',
  appName: 'web',
  appRevision: 'web-v1',
  appRevisionNum: 1,
  publishVersion: '',
};

/** CUE 0.9 reports the place of use too. */
const wrongType = {
  '0.9.2':
    'output.spec.template.spec.containers.0.image: conflicting values string and 3 (mismatched types string and int) (and 1 more errors)',
  '0.14.1': 'parameter.image: conflicting values string and 3 (mismatched types string and int)',
};

const refused = (work: Promise<unknown>): Promise<CueError> =>
  work.then(
    () => Promise.reject(new Error('expected an error of CUE')),
    (error: unknown) => error as CueError,
  );

describe.each(Object.keys(cueVersions) as CueVersion[])('CUE %s', (version) => {
  let cue: Cue;
  let task: Definition;

  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    task = await cue.compile(await readFile(new URL('definition-task.cue', recordings), 'utf8'));
  });
  afterAll(() => cue.close());

  it('tells what a definition says about itself from its template', async () => {
    const description = await task.describe();
    expect(description).toMatchObject({
      name: 'task',
      type: 'component',
      description: 'proto task',
      labels: {},
      attributes: { workload: { type: 'tasks.task.oam.dev' } },
    });
    expect(description.template).toMatch(/^output: \{\n\tapiVersion: "task\.oam\.dev\/v1alpha1"/);
  });

  it('renders the same from a definition and from the template that a cluster keeps of it', async () => {
    const filling = { parameter: { image: 'busybox', cmd: ['true'] }, context };
    const fromCluster = await cue.compileTemplate((await task.describe()).template);
    expect(await task.render(filling)).toEqual({
      output: {
        apiVersion: 'task.oam.dev/v1alpha1',
        kind: 'Task',
        metadata: { name: 'job1' },
        spec: {
          trigger: { appRevision: 'web-v1', publishVersion: '' },
          template: {
            spec: { restartPolicy: 'Never', containers: [{ name: 'job1', image: 'busybox', command: ['true'] }] },
          },
        },
      },
      outputs: {},
    });
    expect(await fromCluster.render(filling)).toEqual(await task.render(filling));
  });

  it('tells a context field that is absent from one that is empty', async () => {
    const { publishVersion: _, ...without } = context;
    expect((await task.render({ parameter: { image: 'busybox' }, context: without })).output).toMatchObject({
      spec: { trigger: { appRevision: 'web-v1' } },
    });
    expect((await task.render({ parameter: { image: 'busybox' }, context: without })).output).not.toHaveProperty(
      'spec.trigger.publishVersion',
    );
  });

  it('refuses a wrong type in the words of CUE, with the places in the definition and in the properties', async () => {
    const error = await refused(task.render({ parameter: { image: 3 }, context }));
    expect(error).toMatchObject({ name: 'CueError', stage: 'validate' });
    expect(error.message).toBe(wrongType[version]);
    expect(error.positions).toContainEqual({ file: 'parameter', line: 1, column: 10, path: 'parameter.image' });
    expect(
      error.positions.find(({ file, path }) => file === 'definition.cue' && path === 'parameter.image')?.line,
    ).toBe(40);
  });

  it('refuses a missing parameter', async () => {
    const error = await refused(task.render({ parameter: {}, context }));
    expect(error).toMatchObject({ stage: 'output' });
    expect(error.message).toContain('output.spec.template.spec.containers.0.image: incomplete value string');
  });

  it('says where a definition is no CUE', async () => {
    const error = await refused(
      cue.compile('task: {\n  type: "component"\n}\ntemplate: {\n  output: metadata: name: context.name +\n}\n'),
    );
    expect(error.positions[0]).toMatchObject({ file: 'definition.cue', line: 6 });
    expect(await refused(cue.compile('template: {output: nowhere}\ntask: type: "component"'))).toMatchObject({
      message: expect.stringContaining('reference "nowhere" not found') as string,
    });
  });

  describe('a trait', () => {
    const base = {
      kind: 'Task',
      metadata: { name: 'a' },
      spec: { queue: { name: 'old', priorityClass: 'low' }, timeout: 5, list: [1, 2] },
    };
    const patched = async (template: string, parameter: Record<string, unknown> = {}) =>
      (await cue.compileTemplate(template)).patch({ parameter, context: { output: base }, base });
    const retains =
      'patch: spec: {\n\t// +usage=Where\n\t// +patchStrategy=retainKeys\n\tqueue: {name: parameter.name}\n\tif parameter.timeout != _|_ {\n\t\t// +patchStrategy=retainKeys\n\t\ttimeout: parameter.timeout\n\t}\n}\nparameter: close({name: string, timeout?: int})\n';

    it('replaces what it is marked to replace, under a condition too, and leaves the rest', async () => {
      expect(await patched(retains, { name: 'new' })).toEqual({
        output: { ...base, spec: { ...base.spec, queue: { name: 'new' } } },
        outputs: {},
      });
      expect(await patched(retains, { name: 'new', timeout: 9 })).toEqual({
        output: { ...base, spec: { ...base.spec, queue: { name: 'new' }, timeout: 9 } },
        outputs: {},
      });
    });

    it('takes a mark above a path for one of its last field, as CUE does', async () => {
      expect(await patched('// +patchStrategy=retainKeys\npatch: spec: queue: name: "new"\n')).toEqual({
        output: { ...base, spec: { ...base.spec, queue: { name: 'new', priorityClass: 'low' } } },
        outputs: {},
      });
    });

    it('adds what is not there, objects of its own too, and changes nothing without a patch', async () => {
      const own = { kind: 'ConfigMap', metadata: { name: 'a' } };
      expect(await patched(`patch: metadata: labels: a: "b"\noutputs: own: ${JSON.stringify(own)}\n`)).toEqual({
        output: { ...base, metadata: { name: 'a', labels: { a: 'b' } } },
        outputs: { own },
      });
      expect(await patched('parameter: {}\n')).toEqual({ output: base, outputs: {} });
    });

    it.each([
      [
        'another value of a field that is there',
        'patch: spec: timeout: 6\n',
        {},
        'patch',
        /^spec\.timeout: conflicting values (5 and 6|6 and 5)$/,
      ],
      [
        'a field that its parameters do not have',
        retains,
        { nam: 'new' },
        'validate',
        /^parameter\.nam: field not allowed$/,
      ],
      ['a parameter that is missing', retains, {}, 'output', /^spec\.queue\.name: incomplete value string$/],
      [
        'what it says is wrong',
        'patch: {}\nerrs: [if context.output.kind == "Task" {"no Tasks, please"}]\n',
        {},
        'errs',
        /^no Tasks, please$/,
      ],
      [
        'a strategy that is not understood here',
        'patch: spec: {\n\t// +patchStrategy=replace\n\tlist: [3]\n}\n',
        {},
        'patch',
        /^patch\.spec\.list: of the ways to patch only \+patchStrategy=retainKeys is understood here, not "\+patchStrategy=replace"$/,
      ],
      [
        'a key of lists',
        'patch: spec: {\n\t// +patchKey=name\n\tlist: [3]\n}\n',
        {},
        'patch',
        /not "\+patchKey=name"$/,
      ],
    ] as const)('refuses %s', async (_what, template, parameter, stage, message) => {
      const error = await refused(patched(template, parameter));
      expect(error.message).toMatch(message);
      expect(error.stage).toBe(stage);
    });
  });

  it('works out details, then health, then the message, each seeing those before', async () => {
    const template = await cue.compileTemplate('output: {}', {
      details:
        '$twice: context.output.status.n * 2\nn: "\\($twice)"\nlist: [1, 2]\nunknown: context.output.status.nothing\nhidden: 1 @local()\nabcdefghijklmnopqrstuvwxyz123456: "too long"',
      healthPolicy: 'isHealth: context.status.details.$twice == 4',
      customStatus: 'message: "\\(context.status.details.n) \\(context.status.healthy)"',
    });
    const status = await template.status({ parameter: {}, context: { ...context, output: { status: { n: 2 } } } });
    expect(status).toEqual({
      healthy: true,
      message: '4 true',
      details: { n: '4', list: '[1, 2]', unknown: '_|_' },
      problems: {},
    });
  });

  it('goes on without a status template that fails, and says so', async () => {
    const template = await cue.compileTemplate('output: {}', {
      healthPolicy: 'isHealth: context.output.status.ready',
      customStatus: 'message: "still here"',
    });
    const status = await template.status({ context: { ...context, output: { status: {} } } });
    expect(status).toMatchObject({ healthy: false, message: 'still here', details: {} });
    expect(Object.keys(status.problems)).toEqual(['healthPolicy']);
  });

  it('walks a workflow step from action to action, each seeing the answers before', async () => {
    const step = await cue.compile(await readFile(new URL('definition-run-task.cue', recordings), 'utf8'));
    const filling = {
      parameter: { image: 'busybox' },
      context: { ...context, stepName: 'migrate', stepSessionID: 'session' },
    };
    const apply = await step.step({ ...filling, answers: [] });
    expect(apply).toMatchObject({
      path: 'apply',
      provider: 'kube',
      do: 'apply',
      params: { value: { metadata: { name: 'job1-migrate' }, spec: { trigger: { id: 'session' } } } },
    });
    const applied = {
      path: 'apply',
      returns: { value: { status: { observedTrigger: { id: 'session' }, phase: 'Failed', message: 'exit code 1' } } },
    };
    expect(await step.step({ ...filling, answers: [applied] })).toMatchObject({ path: 'read' });
    expect(await step.step({ ...filling, answers: [applied, { path: 'read' }] })).toMatchObject({
      provider: 'builtin',
      do: 'fail',
      params: { message: 'task failed: exit code 1' },
    });
  });

  it('renders the same after more uses than a compiled template serves', async () => {
    const first = await task.render({ parameter: { image: 'busybox' }, context });
    for (let use = 0; use < 300; use++) await task.render({ parameter: { image: `busybox:${use}` }, context });
    expect(await task.render({ parameter: { image: 'busybox' }, context })).toEqual(first);
  });

  it('ends a template that takes too long and answers the calls behind it', async () => {
    const short = await createCue({ version, deadlineMs: 400 });
    const slow = await short.compileTemplate(
      `import "list"\noutput: n: len([for a in list.Range(0, parameter.n, 1) for b in list.Range(0, parameter.n, 1) {a}])`,
    );
    const late = slow.render({ parameter: { n: 3000 }, context });
    const behind = short.compileTemplate('output: name: context.name');
    await expect(late).rejects.toThrow('CUE took longer than 400 ms');
    expect((await (await behind).render({ context })).output).toEqual({ name: 'job1' });
    await short.close();
    await expect(short.compileTemplate('output: {}')).rejects.toThrow('CUE was closed');
  });
});
