import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quantityPattern, remedyForKind, remedyForPattern, type Kind } from './remedies.ts';

const resources = join(import.meta.dirname, '../../../addon/resources');

describe('a value of the wrong kind', () => {
  it.for<[wanted: Kind, value: unknown, path: string, remedy: string]>([
    ['string', 3, 'image', 'write "3"'],
    ['string', true, 'env.0.value', 'write it in quotes'],
    ['string', ['busybox'], 'image', 'write one text, in quotes'],
    ['integer', '60', 'timeoutSeconds', 'write 60 without quotes'],
    ['integer', '1h30m', 'timeoutSeconds', 'write 5400'],
    ['integer', '2d', 'ttlSecondsAfterFinished', 'write 172800'],
    ['integer', '2d', 'count', 'write a whole number'],
    ['integer', 'soon', 'timeoutSeconds', 'write a whole number'],
    ['number', [], 'count', 'write a number'],
    ['boolean', 'Yes', 'suspend', 'write true without quotes'],
    ['boolean', 0, 'suspend', 'write false without quotes'],
    ['boolean', 'maybe', 'suspend', 'write true or false'],
    ['list', 'echo hello', 'cmd', 'write ["echo hello"]'],
    ['list', true, 'cmd', 'write ["true"]'],
    ['list', null, 'cmd', 'write a list'],
    ['list', 'a,b', 'items', 'write [{name: "a,b"}]'],
    ['list', { A: 'b' }, 'env', 'write a list, such as [{name: A, value: "b"}]'],
    ['list', { a: { image: 'busybox' } }, 'steps', 'write a list, such as [{name: a, ...}]'],
    ['list', {}, 'steps', 'write a list, such as [{name: ..., ...}]'],
    ['fields', 'default', 'queue', 'write {name: "default"}'],
    ['fields', 3, 'retry', 'write {limit: 3}'],
    ['fields', '0 3 * * *', 'schedule', 'write {cron: "0 3 * * *"}'],
    ['fields', 1, 'items.0', 'write {name: "1"}'],
    ['fields', 'keepLast', 'executionPolicy', 'write its fields, such as {keepLast: 10}'],
    ['fields', ['a'], 'queue', 'write its fields, one a line'],
    ['fields', 'x', 'podSpec', 'write its fields, one a line'],
  ])('%s in place of %o at %s: %s', ([wanted, value, path, remedy]) => {
    expect(remedyForKind(wanted, value, path.split('.'))).toBe(remedy);
  });
});

describe('a text of the wrong form', () => {
  const name = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
  const amount = 'a number with a unit, such as 500m, 2, 512Mi or 1Gi';
  it.for<[pattern: string, text: string, remedy: string]>([
    [quantityPattern, '512MB', `write "512M" (${amount})`],
    [quantityPattern, '1 gib', `write "1Gi" (${amount})`],
    [quantityPattern, '64KB', `write "64k" (${amount})`],
    [quantityPattern, 'much', `write ${amount}`],
    [name, 'Build Image', 'write "build-image" (lower-case letters, digits and dashes, no dash first or last)'],
    [name, 'bürö', 'write lower-case letters, digits and dashes, no dash first or last'],
    [name, '***', 'write lower-case letters, digits and dashes, no dash first or last'],
    ['^x$', 'y', 'it must match ^x$'],
  ])('%s and %o: %s', ([pattern, text, remedy]) => {
    expect(remedyForPattern(pattern, text)).toBe(remedy);
  });

  it('has words for each pattern of our CRDs', () => {
    const patterns = readdirSync(resources)
      .filter((file) => file.startsWith('crd-'))
      .flatMap((file) => [...readFileSync(join(resources, file), 'utf8').matchAll(/pattern: (['"])(.*?)\1/g)])
      .map(([, quote, text = '']) => (quote === '"' ? (JSON.parse(`"${text}"`) as string) : text));
    expect(patterns.length).toBeGreaterThan(3);
    expect(patterns.filter((pattern) => remedyForPattern(pattern, '').startsWith('it must match'))).toEqual([]);
  });
});
