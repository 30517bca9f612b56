/** The CRD's limit. */
const longestReason = 512;

/** Why a run is cancelled, as it is recorded: `ann: wrong table`. */
export function cancelReason(person: string | undefined, reason: string | undefined): string {
  const text =
    person === undefined
      ? (reason ?? 'cancelled by a person')
      : reason === undefined
        ? `cancelled by ${person}`
        : `${person}: ${reason}`;
  return text.length <= longestReason ? text : `${text.slice(0, longestReason - 1)}…`;
}
