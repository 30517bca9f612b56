/** What a person can do about an archive that cannot be reached or written. */

interface Remedy {
  /** Codes of Node's network errors, SQLSTATEs of PostgreSQL, and SQLite's result codes. */
  readonly codes: readonly string[];
  readonly remedy: string;
}

const remedies: readonly Remedy[] = [
  {
    codes: ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', '57P03', '53300'],
    remedy: 'see whether PostgreSQL runs, and whether url in the secret that archive.postgresSecret names is right',
  },
  {
    codes: ['28P01', '28000', '3D000', '42501'],
    remedy:
      'correct user, password or database of url in the secret that archive.postgresSecret names, or grant the right',
  },
  {
    codes: ['53100', 'SQLite 13'],
    remedy:
      'enlarge its disk (archive.volumeSize, or that of PostgreSQL), or keep less with archive.maxAgeDays, archive.maxRuns or archive.maxSize',
  },
];

/** What PostgreSQL's client says where it got no answer in time; it has no code. */
const noAnswer = /timeout|terminated/i;

/**
 * One sentence about what keeps runs from being archived, and what to do.
 * @param error what the database's client, or the migration, failed with
 */
export function archiveTrouble(error: unknown): string {
  const [code = '', words = ''] = [codeOf(error), wordsOf(error)];
  const wanted = code === '' && noAnswer.test(words) ? 'ETIMEDOUT' : code;
  const known = remedies.find(({ codes }) => codes.includes(wanted));
  return `the archive cannot be used: ${words || code}; ${known === undefined ? '' : `${known.remedy}; `}runs go on, and are archived once it can be`;
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  if ('resultCode' in error) return `SQLite ${String(error.resultCode)}`;
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause);
}

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return wordsOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
