const mostShown = 60;

/** A value of an Application as a problem quotes it: JSON, cut where it is long; `nothing` where there is none. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}...`;
}
