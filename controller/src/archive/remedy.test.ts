import { describe, expect, it } from 'vitest';
import { archiveTrouble } from './remedy.ts';

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });
const full = Object.assign(new Error('database or disk is full'), { resultCode: 13 });
const unreached =
  'see whether PostgreSQL runs, and whether url in the secret that archive.postgresSecret names is right';
const disk =
  'enlarge its disk (archive.volumeSize, or that of PostgreSQL), or keep less with archive.maxAgeDays, archive.maxRuns or archive.maxSize';

describe('what keeps runs from being archived is said with what to do', () => {
  it.each<[string, unknown, string]>([
    ['no server', coded('connect ECONNREFUSED 10.0.0.5:5432', 'ECONNREFUSED'), unreached],
    [
      'a name with several addresses',
      new AggregateError([coded('connect ECONNREFUSED ::1:5432', 'ECONNREFUSED')]),
      unreached,
    ],
    ['a name that does not resolve', coded('getaddrinfo ENOTFOUND db.shop', 'ENOTFOUND'), unreached],
    ['no answer', new Error('timeout expired'), unreached],
    ['a server that starts', coded('the database system is starting up', '57P03'), unreached],
    [
      'a wrong password',
      coded('password authentication failed for user "runs"', '28P01'),
      'correct user, password or database of url in the secret that archive.postgresSecret names, or grant the right',
    ],
    ['a full volume', full, disk],
    ['a full volume, in a migration', new Error("the archive's tables cannot be updated", { cause: full }), disk],
  ])('%s', (_what, error, remedy) => {
    expect(archiveTrouble(error)).toMatch(
      /^the archive cannot be used: \S.*; runs go on, and are archived once it can be$/,
    );
    expect(archiveTrouble(error)).toContain(`; ${remedy}; `);
  });

  it('something else in its own words, which say what to do where they are ours', () => {
    expect(archiveTrouble(new Error('the archive was written by a newer version: run that version'))).toBe(
      'the archive cannot be used: the archive was written by a newer version: run that version; runs go on, and are archived once it can be',
    );
  });
});
