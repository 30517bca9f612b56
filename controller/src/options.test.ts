import { describe, expect, it } from 'vitest';
import { controllerCommand, type ControllerOptions } from './options.ts';

/** The options of a command line; its refusal is thrown and not printed. */
function parsed(...flags: readonly string[]): ControllerOptions {
  return controllerCommand('')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parse(flags, { from: 'user' })
    .opts<ControllerOptions>();
}

describe('the audience of tokens that only read', () => {
  it.each(['task-runs', 'https://task-runs.example.com/api', 'urn:task-runs_1', 'x'.repeat(253)])(
    'may be %s',
    (name) => {
      expect(parsed(`--api-audience=${name}`).apiAudience).toBe(name);
    },
  );

  it('is not there when left out', () => {
    expect(parsed().apiAudience).toBeUndefined();
  });

  it.each(['', ' ', 'task runs', '-task-runs', 'task-runs\n', 'täsk-runs', 'a,b', 'a"b', 'x'.repeat(254)])(
    '%j is refused, and what to write is said',
    (name) => {
      expect(() => parsed(`--api-audience=${name}`)).toThrow('write a name such as task-runs: letters, digits and');
    },
  );

  it.each([
    'https://kubernetes.default.svc',
    'https://kubernetes.default.svc.cluster.local',
    'https://kubernetes.default.svc.cluster.local/',
    'kubernetes.default.svc',
  ])('%s is what the API server calls itself, and is refused', (name) => {
    expect(() => parsed(`--api-audience=${name}`)).toThrow(
      'that is the audience of the API server, so its tokens would not only read: write a name of your own',
    );
  });
});
