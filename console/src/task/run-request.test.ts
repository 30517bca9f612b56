import { describe, expect, test } from 'vitest';
import { runRequestOf } from './run-request.ts';

describe("a run's form", () => {
  test.each([
    [{ args: '', env: '', name: '' }, {}],
    [
      { args: '--to\n41\n', env: ' A = b=c\n\nEMPTY=', name: ' again ' },
      {
        args: ['--to', '41'],
        env: [
          { name: 'A', value: ' b=c' },
          { name: 'EMPTY', value: '' },
        ],
        name: 'again',
      },
    ],
  ])('%j', (form, request) => {
    expect(runRequestOf(form)).toEqual(request);
  });

  test.each(['nothing', '=value'])('%j is not a variable', (env) => {
    expect(() => runRequestOf({ args: '', env, name: '' })).toThrow('write NAME=value');
  });
});
