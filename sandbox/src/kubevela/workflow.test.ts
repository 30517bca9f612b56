/**
 * What the recordings have nothing of: outputs, conditions, groups and time-outs, as the engine of KubeVela 1.10.9 has
 * them.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCue, type Cue } from '../../../cue/ts/index.ts';
import type { Application, StepStatus, WorkflowStep } from './application.ts';
import { definitionManifest } from './definition-manifest.ts';
import { TemplateCache } from './definitions.ts';
import { MemoryStore } from './memory-store.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { reconcile } from './reconcile.ts';
import { StoreError } from './store.ts';
import { terminateWorkflow } from './vela-commands.ts';
import { StepMemory } from './workflow.ts';

/** Ends as its parameter says. */
const definition = `
import "vela/builtin"

say: {
	type: "workflow-step"
	description: ""
	annotations: {}
	labels: {}
	attributes: {}
}
template: {
	told: builtin.#Message & {$params: message: parameter.text}
	end: {
		if parameter.how == "fail" {
			fail: builtin.#Fail & {$params: message: "no \\(parameter.text)"}
		}
	}
	wait: builtin.#ConditionalWait & {$params: continue: parameter.how != "wait"}
	parameter: {
		text: string
		how:  *"end" | "fail" | "wait"
	}
}
`;

/** Reads a Task, and says what became of that. */
const reading = `
import (
	"vela/builtin"
	"vela/kube"
)

read: {
	type: "workflow-step"
	description: ""
	annotations: {}
	labels: {}
	attributes: {}
}
template: {
	task: kube.#Read & {
		$params: value: {
			apiVersion: "task.oam.dev/v1alpha1"
			kind:       "Task"
			metadata: {name: "app-job", namespace: "default"}
		}
	}
	told: builtin.#Message & {
		$params: message: [if task.$returns.err != _|_ {task.$returns.err}, "there"][0]
	}
	parameter: {}
}
`;

let cue: Cue;
let seconds: number;
let store: MemoryStore;
const ref = { apiVersion: coreApiVersion, kind: 'Application', namespace: 'default', name: 'app' };

beforeAll(async () => {
  cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
});
afterAll(() => cue.close());

const say = (name: string, text: string, more: Partial<WorkflowStep> & { how?: string } = {}): WorkflowStep => {
  const { how, ...rest } = more;
  return { name, type: 'say', properties: { text, ...(how !== undefined && { how }) }, ...rest };
};

/** Does something once after the next time that the definitions' revision is read, in the midst of a look. */
function whileItLooks(act: () => Promise<void>): void {
  const list = store.list.bind(store);
  store.list = async (...asked) => {
    store.list = list;
    await act();
    return await list(...asked);
  };
}

async function define(source: string): Promise<void> {
  await store.create(definitionManifest(await (await cue.compile(source)).describe(), 'vela-system'));
}

/**
 * Looks at an Application of these steps again and again, a second apart; returns what the status says about each step.
 */
async function after(
  looks: number,
  steps: WorkflowStep[],
  between: () => Promise<void> = () => Promise.resolve(),
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  seconds = Date.parse('2026-01-01T00:00:00Z') / 1_000;
  let ids = 0;
  const now = () => new Date(seconds * 1_000);
  store = new MemoryStore(now);
  await define(definition);
  await define(reading);
  await before();
  await store.create({
    ...ref,
    metadata: { name: 'app', namespace: 'default' },
    spec: { components: [], workflow: { steps } },
  });
  const memory = new StepMemory();
  const outside = {
    store,
    templates: new TemplateCache(cue),
    now,
    newId: () => `id-${(ids += 1)}`,
    maxBackoffSeconds: 2,
    resyncSeconds: 10,
  };
  for (let look = 0; look < looks; look++) {
    await reconcile(outside, ref, memory);
    if (look === 0) await between();
    seconds += 1;
  }
  const { status } = (await store.get(ref)) as Application;
  const line = ({ name, phase, reason = '', message = '', subSteps = [] }: StepStatus): string[] => [
    `${name} ${phase} ${reason} ${message}`.trim().replaceAll(/ +/g, ' '),
    ...subSteps.flatMap(line),
  ];
  return [status?.status ?? '', ...(status?.workflow?.steps ?? []).flatMap(line)];
}

it('hands outputs on, and waits for inputs', async () => {
  const first = say('first', 'hello', { outputs: [{ name: 'heard', valueFrom: '"\\(parameter.text) you"' }] });
  const second = say('second', '', { inputs: [{ from: 'heard', parameterKey: 'text' }] });
  expect(await after(1, [first, second])).toEqual(['running', 'first succeeded hello', 'second succeeded hello you']);
  expect(await after(1, [second])).toEqual(['runningWorkflow', 'second pending Pending on Input: heard']);
});

it('says of an output that is not there what is missing, in place of the message', async () => {
  const [, step] = await after(1, [
    say('first', 'hello', { how: 'fail', outputs: [{ name: 'rows', valueFrom: 'run.rows' }] }),
  ]);
  expect(step).toMatch(/^first failed Action failed to get output from run\.rows: /);
});

it('skips what follows a failure, unless its condition holds', async () => {
  const steps = [
    say('bad', 'luck', { how: 'fail' }),
    say('next', 'one'),
    say('always', 'two', { if: 'always' }),
    say('only', 'three', { if: 'status.bad.failed' }),
    say('not', 'four', { if: 'status.bad.succeeded' }),
  ];
  expect(await after(1, steps)).toEqual([
    'workflowFailed',
    'bad failed Action no luck',
    'next skipped Skip',
    'always succeeded two',
    'only succeeded three',
    'not skipped Skip',
  ]);
});

it('runs the steps of a group side by side, except steps that depend on others', async () => {
  const group = {
    name: 'group',
    type: 'step-group',
    subSteps: [say('long', 'one', { how: 'wait' }), say('short', 'two'), say('last', 'three', { dependsOn: ['long'] })],
  };
  expect(await after(2, [group, say('next', 'four')])).toEqual([
    'runningWorkflow',
    'group running',
    'long running Wait one',
    'short succeeded two',
    'last pending Pending on DependsOn: long',
  ]);
});

it('ends a group that takes too long, with all its steps', async () => {
  const group = {
    name: 'group',
    type: 'step-group',
    timeout: '2s',
    subSteps: [
      say('long', 'one', { how: 'wait' }),
      say('longer', 'two', { how: 'wait' }),
      say('last', 'three', { dependsOn: ['long'] }),
    ],
  };
  expect(await after(4, [group])).toEqual([
    'workflowFailed',
    'group failed Timeout',
    'long failed Timeout',
    'longer failed Timeout',
    'last skipped Skip',
  ]);
});

it('gives a step the error of what it cannot read, in the words of the API server', async () => {
  const steps: WorkflowStep[] = [{ name: 'look', type: 'read' }];
  const nothing = () => Promise.resolve();
  expect(await after(1, steps)).toContain('look succeeded tasks.task.oam.dev "app-job" not found');
  const task = {
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'Task',
    metadata: { name: 'app-job', namespace: 'default' },
  };
  expect(await after(1, steps, nothing, async () => void (await store.create(task)))).toContain('look succeeded there');
  const busy = 'the server is currently unable to handle the request';
  const refuse = () => {
    const get = store.get.bind(store);
    store.get = (ref) => (ref.kind === 'Task' ? Promise.reject(new StoreError(busy)) : get(ref));
    return Promise.resolve();
  };
  expect(await after(1, steps, nothing, refuse)).toContain(`look succeeded ${busy}`);
});

it('leaves it at a command that is given while it looks', async () => {
  const steps = [say('long', 'one', { how: 'wait' })];
  const terminate = () => terminateWorkflow(store, 'default', 'app');
  expect(await after(3, steps, () => Promise.resolve(whileItLooks(terminate)))).toEqual([
    'workflowTerminated',
    'long failed Terminate one',
  ]);
});

it('ends what runs in a group when the workflow is terminated', async () => {
  const group = { name: 'group', type: 'step-group', subSteps: [say('long', 'one', { how: 'wait' })] };
  expect(await after(2, [group], () => terminateWorkflow(store, 'default', 'app'))).toEqual([
    'workflowTerminated',
    'group failed Terminate',
    'long failed Terminate one',
  ]);
});
