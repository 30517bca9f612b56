import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readAll } from './kubectl-yaml.ts';

/** The campaign repeats them with one seed after the other. */
const numRuns = 200;
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

it('reads any text, or says what is wrong with it', () => {
  fc.assert(
    fc.property(text, (yaml) => {
      for (const { error } of readAll(yaml)) expect(typeof (error ?? '')).toBe('string');
    }),
    { numRuns, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: true },
  );
});
