import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));

export interface Commit {
  /** The whole hash. */
  readonly revision: string;
  /** ISO 8601: SOURCE_DATE_EPOCH where that is set, else the commit's date. */
  readonly created: string;
  /** Whether the working tree differs from the commit. */
  readonly changed: boolean;
}

const git = (...args: string[]): string => execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();

/**
 * What is built here, for what names its source. A build has no other date, so the same commit gives the same bytes
 * (reproducible-builds.org, SOURCE_DATE_EPOCH).
 */
export function commit(): Commit {
  const [revision = '', seconds = ''] = git('log', '-1', '--format=%H %ct').split(' ');
  return {
    revision,
    created: new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? seconds) * 1000).toISOString(),
    changed: git('status', '--porcelain') !== '',
  };
}

/** The whole hash of the commit that has a tag; undefined where there is no such tag. */
export function taggedCommit(tag: string): string | undefined {
  const hash = git(
    'for-each-ref',
    '--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)',
    `refs/tags/${tag}`,
  );
  return hash === '' ? undefined : hash;
}
