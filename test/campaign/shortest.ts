/** Makes a story that broke a promise shorter, as fast-check does with its cases. */

/** What is told at once in a namespace, and for how long. */
export interface Story {
  /** The kinds of Tasks, of `kindNames`. */
  readonly kinds: readonly string[];
  readonly seconds: number;
}

/** A controller does hardly anything in less. */
const leastSeconds = 15;

/**
 * The shortest story that still fails: half of the kinds, then half of the time, for as long as that fails as well.
 *
 * Kills fall elsewhere each time, so a shorter story that would fail may pass once: what is returned has failed, but
 * may not be the shortest of all.
 *
 * @param fails tells a story, and says whether a promise was broken
 */
export async function shortest(story: Story, fails: (story: Story) => Promise<boolean>): Promise<Story> {
  for (const shorter of shorterThan(story)) if (await fails(shorter)) return shortest(shorter, fails);
  return story;
}

function shorterThan({ kinds, seconds }: Story): readonly Story[] {
  const half = Math.ceil(kinds.length / 2);
  const halves = kinds.length > 1 ? [kinds.slice(0, half), kinds.slice(half)] : [];
  const halfTime = Math.floor(seconds / 2);
  return [
    ...halves.map((some) => ({ kinds: some, seconds })),
    ...(halfTime >= leastSeconds ? [{ kinds, seconds: halfTime }] : []),
  ];
}
