/** How a container ended: its exit code, after the kubelet's word for it where that is more than Error. */
import { podReasons } from '../model/reasons.ts';

/** TERM and KILL, as a shell counts them: how a container ends that the kubelet stops. */
export const stopCodes: ReadonlySet<number> = new Set([137, 143]);

/** @param exitCode left out where it is not the program's own */
export function exitWords(reason: string, exitCode: number | undefined): string {
  if (exitCode === undefined) return reason;
  return reason === podReasons.error ? `exit code ${exitCode}` : `${reason} (exit code ${exitCode})`;
}
