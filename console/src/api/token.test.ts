import { expect, test } from 'vitest';
import { keyInAddress } from './token.ts';

test.each([
  ['127.0.0.1', '#key=a_b-C1', 'a_b-C1'],
  ['localhost', '#key=k', 'k'],
  ['0123456789abcdef.localhost', '#key=k', 'k'],
  ['127.0.0.1', '#/tasks', undefined],
  ['127.0.0.1', '#key=', undefined],
  ['127.0.0.1', '#key=a b', undefined],
  // A link to the console in a cluster makes nobody use the token of who wrote it.
  ['console.example.com', '#key=k', undefined],
  ['localhost.example.com', '#key=k', undefined],
  ['a.localhost.example.com', '#key=k', undefined],
])('the key of http://%s/%s is %s', (hostname, hash, key) => expect(keyInAddress({ hostname, hash })).toBe(key));
