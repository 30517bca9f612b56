import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz } from '../kube/testing/fuzz.ts';
import { readAll } from './kubectl-yaml.ts';

/** Pieces of YAML, which random letters would hardly make up. */
const piece = fc.constantFrom(
  ...'a:- 1\n[]{}&*!|>\'"%#?,'.split(''),
  '---\n',
  '<<: ',
  '*a',
  '&a ',
  '!!int ',
  '0x',
  '\t',
);
const text = fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 60 }).map((parts) => parts.join(''));

it('reads any text, or says what is wrong with it', async () => {
  await fuzz(
    'YAML',
    text,
    (yaml) => {
      for (const { error } of readAll(yaml)) expect(typeof (error ?? '')).toBe('string');
    },
    { usual: 200 },
  );
});
