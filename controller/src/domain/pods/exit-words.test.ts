import { expect, test } from 'vitest';
import { exitWords } from './exit-words.ts';

test.each([
  ['Error', 3, 'exit code 3'],
  ['OOMKilled', 137, 'OOMKilled (exit code 137)'],
  ['StartError', undefined, 'StartError'],
])('%s with %s is %s', (reason, exitCode, words) => expect(exitWords(reason, exitCode)).toBe(words));
