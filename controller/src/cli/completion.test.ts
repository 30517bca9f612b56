import { describe, expect, it } from 'vitest';
import { candidatesFor, valueOn } from './completion.ts';
import { createProgram } from './program.ts';
import type { Io } from './io.ts';

const nowhere = { terminal: false, columns: Infinity, write: () => Promise.resolve() };
const io: Io = {
  out: nowhere,
  err: nowhere,
  interactive: false,
  environment: {},
  interrupted: new AbortController().signal,
  now: () => new Date(0),
  ask: () => Promise.resolve(''),
  read: () => Promise.resolve(''),
};
const nothing = () => Promise.reject(new Error('completion runs no command'));
const program = createProgram({ name: 'task-runs', start: nothing, startOffline: nothing, loadParts: nothing, io });
const at = (line: string) => candidatesFor(program, line.split(' '));

describe('at the cursor', () => {
  it('the commands come first, without the one for shells', () => {
    expect(at('').words).toEqual([
      'list',
      'status',
      'runs',
      'describe',
      'logs',
      'run',
      'retry',
      'cancel',
      'suspend',
      'resume',
      'prune',
      'diff',
      'top',
      'ui',
      'plan',
      'convert',
      'version',
      'completion',
      'help',
    ]);
    expect(at('-n prod ').words).toContain('status');
  });

  it.for<[line: string, names: readonly string[]]>([
    ['status ', ['tasks']],
    ['-n prod status ', ['tasks']],
    ['logs --tail 5 ', ['tasks', 'runs']],
    ['describe ', ['runs']],
    ['status mytask ', []],
    ['logs --tail ', []],
  ])('%scompletes the names of %s', ([line, names]) => expect(at(line).names).toEqual(names));

  it('the options of the command come, and the values of options that have a choice', () => {
    expect(at('logs --f').words).toEqual(expect.arrayContaining(['-f', '--follow', '--failed', '--namespace']));
    expect(at('list -o ').words).toEqual(['table', 'wide', 'json', 'yaml']);
    expect(at('completion ').words).toEqual(['bash', 'zsh', 'fish']);
  });

  it.for([['-n prod status '], ['status --namespace=prod '], ['status x --namespace prod']])(
    'the namespace of "%s" is known',
    ([line = '']) => {
      expect(valueOn(line.split(' '), '-n', '--namespace')).toBe('prod');
    },
  );
});
