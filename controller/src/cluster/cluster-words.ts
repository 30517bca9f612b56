/** What the cluster says of a pod, in words that stay the same until the cause changes. */
import { oneLine } from '../domain/lang/words.ts';

/** A sandbox or a container gets another one at each attempt; an image's digest is of the image. */
const ids = /(?<!sha256:)\b[0-9a-f]{64}\b/g;

/** The end of a generated name: a pod that is not created has another one at each attempt. */
const generatedEnd = /(\bpods? "[a-z0-9.-]+-)[bcdfghjklmnpqrstvwxz2456789]{5}"/g;

/** What the API server writes before an event that repeats with other words. */
const repeated = /^\(combined from similar events\): /;

/**
 * A registry's address may hold a password, or a signature with which anybody can read: a run's status has more readers
 * than a pod's, and is archived.
 */
const credentials = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@"']+@/gi;
const signed = /(\bhttps?:\/\/[^\s?"']+\?)[^\s"']*(?:sig|signature|token|credential|password|secret)[^\s"']*/gi;

/** More than what is shown of any text: some are a megabyte long. */
const mostRead = 8_000;

/** One line of bounded length, without what differs at each attempt. */
export function clusterWords(text: string): string {
  const told = text.slice(0, mostRead).replace(repeated, '').replace(credentials, '$1…@').replace(signed, '$1…');
  return oneLine(told.replace(ids, '…').replace(generatedEnd, '$1…"'));
}
