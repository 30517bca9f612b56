/**
 * What cannot be made into a Job. A pod template may have any form, and what it says is for the API server to refuse:
 * making a Job of it should never fail. Where it does, one run ends, and all else of its Task goes on.
 */
import { messageOf } from '../lang/words.ts';
import type { Problem } from '../model/memory.ts';
import { kubernetesReasons } from '../model/reasons.ts';

/**
 * @param whose the run or step whose Job it is, as in a sentence
 * @param error what making the Job threw
 */
export function unmakeable(whose: string, error: unknown): Problem {
  const message = `no Job can be made of what ${whose} says (${messageOf(error)}); correct the Application, and deploy it again`;
  return { reason: kubernetesReasons.invalid, message };
}
