/**
 * `make campaign` runs in full what is too long for each `make test`: every point at which the controller can be killed
 * in every story, a thousand rounds in a queue, 300 Applications at once, forty plans, property tests with one seed
 * after the other. `make test` takes a slice of each; that of kills and rounds is made up from the seed of the run, and
 * has every story and every kind of call in it.
 */

const end = process.env['CAMPAIGN_UNTIL'];

/** In full, or a slice. */
export const isCampaign = end !== undefined;

/** Whether there is time for more; a slice is short, and always finished. */
export const goesOn = (): boolean => end === undefined || Date.now() < Number(end);
