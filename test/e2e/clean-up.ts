/** Set up for each file: what `user.ts` would register itself only for the first file that a worker loads. */
import { afterAll } from 'vitest';
import { removeNamespaces } from './user.ts';

afterAll(removeNamespaces);
