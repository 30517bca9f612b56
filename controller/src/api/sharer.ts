/**
 * Who shares a limit. Service accounts of one namespace count as one person: who may create one may create many.
 * @param person the username, as the API server knows it
 */
export function sharerOf(person: string): string {
  return /^system:serviceaccount:[^:]+/.exec(person)?.[0] ?? person;
}
