import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import type { Client } from '../controller/src/kube/client.ts';

/** One line of a Prometheus page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)/.exec(line);
    if (match?.groups === undefined) return [];
    const { name = '', labels = '', value = '' } = match.groups;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, key = '', text = '']) => [key, text] as const,
    );
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** The sum of all samples of that name that `matches`. */
export function sum(
  samples: readonly Sample[],
  name: string,
  matches: (labels: Sample['labels']) => boolean = () => true,
): number {
  return samples
    .filter((sample) => sample.name === name && matches(sample.labels))
    .reduce((total, { value }) => total + value, 0);
}

/**
 * What Prometheus' histogram_quantile says of a histogram without labels: within the bucket that holds the share, as
 * though its values lay evenly. A share of 1 is the bound that no value was above.
 */
export function quantile(samples: readonly Sample[], histogram: string, share: number): number {
  const buckets = samples
    .filter(({ name }) => name === `${histogram}_bucket`)
    .map(({ labels, value }) => ({ bound: Number(labels['le']?.replace('+Inf', 'Infinity')), value }));
  const sought = share * (buckets.at(-1)?.value ?? 0);
  const index = buckets.findIndex(({ value }) => value >= sought);
  const { bound = Number.NaN, value = 0 } = buckets[index] ?? {};
  const below = buckets[index - 1] ?? { bound: 0, value: 0 };
  return below.bound + ((bound - below.bound) * (sought - below.value)) / (value - below.value);
}

/** The controller's own metrics. */
export async function scrapeController(port: number): Promise<Sample[]> {
  return parseSamples(await (await request(`http://127.0.0.1:${port}/metrics`)).body.text());
}

/** The API server's. */
export async function scrapeApiServer(client: Client): Promise<Sample[]> {
  return parseSamples(await client.getText('/metrics'));
}

/** Megabytes that a process has in memory now, and had at most. */
export async function memoryOf(pid: number): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { now: kilobytes('VmRSS') / 1024, most: kilobytes('VmHWM') / 1024 };
}
