import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Merge, type Source } from './merge.ts';

interface Element {
  readonly source: number;
  readonly at: number;
}

/** Returns its portions one by one, each after a few turns of the event loop. */
class ScriptedSource implements Source<Element> {
  #now: Element[] = [];
  fetched = 0;
  readonly #portions: (readonly Element[])[];
  constructor(portions: readonly (readonly Element[])[]) {
    this.#portions = [...portions];
  }
  peek() {
    return this.#now[0];
  }
  shift() {
    this.#now.shift();
  }
  async more() {
    for (let turns = this.#portions.length % 3; turns > 0; turns -= 1) await turn();
    this.fetched += 1;
    this.#now = [...(this.#portions.shift() ?? [])];
    return this.#now.length > 0;
  }
}

const compare = (a: Element, b: Element) => a.at - b.at;

async function all(merge: Merge<Element>): Promise<Element[]> {
  const found: Element[] = [];
  for await (const portion of merge.portions()) found.push(...portion);
  return found;
}

/** The portions of each source, none of them empty. */
const sources = fc.array(fc.array(fc.array(fc.nat(50), { minLength: 1, maxLength: 5 }), { maxLength: 5 }), {
  maxLength: 6,
});
const scripted = (times: number[][][]) =>
  times.map((portions, source) => portions.map((portion) => portion.map((at) => ({ source, at }))));

describe('a merge', () => {
  it('has everything, keeps the order of each source, and is sorted if the sources are', async () => {
    await fc.assert(
      fc.asyncProperty(sources, fc.boolean(), async (times, sorted) => {
        const portions = scripted(sorted ? times.map(inOrder) : times);
        const merge = new Merge<Element>(compare);
        portions.forEach((one) => merge.add(new ScriptedSource(one)));
        merge.close();
        const merged = await all(merge);
        for (const [source, one] of portions.entries())
          expect(merged.filter((element) => element.source === source)).toEqual(one.flat());
        if (sorted) expect(merged.map(({ at }) => at)).toEqual(merged.map(({ at }) => at).sort((a, b) => a - b));
      }),
    );
  });

  it('does not wait long for a silent source, and takes its elements when they arrive', async () => {
    let speak: () => void = () => undefined;
    const said = new Promise<void>((resolve) => (speak = resolve));
    const quiet = new ScriptedSource([[{ source: 0, at: 0 }]]);
    const silent: Source<Element> = {
      peek: () => quiet.peek(),
      shift: () => quiet.shift(),
      more: async () => (await said, quiet.more()),
    };
    const merge = new Merge<Element>(compare, 10);
    merge.add(silent);
    merge.add(new ScriptedSource([[{ source: 1, at: 1 }], [{ source: 1, at: 2 }]]));
    merge.close();
    const found: number[] = [];
    for await (const portion of merge.portions()) {
      found.push(...portion.map(({ at }) => at));
      if (found.length === 2) speak();
    }
    expect(found).toEqual([1, 2, 0]);
  });

  it('accepts further sources while it runs, and ends once it is closed', async () => {
    const merge = new Merge<Element>(compare, 10);
    merge.add(new ScriptedSource([[{ source: 0, at: 5 }]]));
    const found: Element[] = [];
    for await (const portion of merge.portions()) {
      found.push(...portion);
      if (found.length > 1) continue;
      merge.add(new ScriptedSource([[{ source: 1, at: 3 }]]));
      merge.close();
    }
    expect(found.map(({ at }) => at)).toEqual([5, 3]);
  });

  it('fetches at most one portion of each source ahead of its reader', async () => {
    const endless = Array.from({ length: 50 }, (_, index) => [{ source: 0, at: index }]);
    const source = new ScriptedSource(endless);
    const merge = new Merge<Element>(compare);
    merge.add(source);
    const portions = merge.portions();
    await portions.next();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(source.fetched).toBeLessThanOrEqual(2);
    await portions.return();
  });

  it('passes on an error of a source', async () => {
    const merge = new Merge<Element>(compare);
    merge.add({ peek: () => undefined, shift: () => undefined, more: () => Promise.reject(new Error('torn')) });
    await expect(all(merge)).rejects.toThrow('torn');
  });
});

/** The same numbers, sorted across the portions. */
function inOrder(portions: number[][]): number[][] {
  const sorted = portions.flat().sort((a, b) => a - b);
  return portions.map((portion) => sorted.splice(0, portion.length));
}
