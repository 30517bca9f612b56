import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withEnded } from './ending-logs.ts';
import { takeEndingLogs, takeLogs, Tail, type LogLimits } from './log-taker.ts';
import { endless, FakeCluster, type FakePod } from './testing/fake-cluster.ts';

const nothingStops = new AbortController().signal;

/** What the archive stores of these pods. */
async function take(pods: readonly FakePod[], limits: Partial<LogLimits> = {}, stopped = nothingStops) {
  const cluster = new FakeCluster();
  cluster.add('run', pods);
  const run = { namespace: 'prod', name: 'run', uid: 'uid-run', jobs: [{ uid: 'run-job' }] };
  const all = { bytes: 1_000_000, containers: 100, timeoutMs: 60_000, ...limits };
  return withEnded(await takeLogs(cluster.client, run, all, stopped), [], all);
}

const keptOf = ({ logs }: Awaited<ReturnType<typeof take>>): Record<string, string> =>
  Object.fromEntries(logs.map(({ pod, container, body }) => [`${pod}/${container}`, gunzipSync(body).toString()]));

/**
 * The same as {@link Tail}, at once: from the first beginning of a line that leaves no more than `most` bytes; of a
 * longer last line, its end.
 */
function tailOf(text: Buffer, most: number): Buffer {
  if (text.length <= most) return text;
  for (let from = text.length - most; from < text.length; from += 1)
    if (from === 0 || text[from - 1] === 0x0a) return text.subarray(from);
  return text.subarray(text.length - most);
}

describe('a pod that only has the label of the run', () => {
  it.each([null, 'job-of-another'])('puts no line into its log (controlled by %s)', async (job) => {
    const forged = { name: 'forged', job, logs: { main: ['FORGED\n'] } };
    expect(keptOf(await take([forged, { name: 'pod', logs: { main: ['real\n'] } }]))).toEqual({ 'pod/main': 'real\n' });
  });
});

describe('the tail of a log', () => {
  const chunks = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 }), { maxLength: 12 });

  it('is its last bytes from the start of a line, however the log arrives, and the cut bytes are counted', () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 0, max: 40 }), (parts, most) => {
        const tail = new Tail(most);
        for (const part of parts) tail.add(Buffer.from(part));
        const whole = Buffer.from(parts.join(''));
        const { text, cutBytes } = tail.end();
        expect([Buffer.from(text).toString(), cutBytes]).toEqual([
          tailOf(whole, most).toString(),
          whole.length - text.length,
        ]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('of one line that is too long is the end of the line, with or without a newline', () => {
    for (const end of ['', '\n']) {
      const tail = new Tail(5);
      tail.add(Buffer.from(`0123456789${end}`));
      expect(Buffer.from(tail.end().text).toString()).toBe(`0123456789${end}`.slice(-5));
    }
  });
});

describe('the logs of a run', () => {
  it('are those of all containers, with pod and container', async () => {
    const taken = await take([{ name: 'p', logs: { main: ['one\n', 'two\n'], side: ['three\n'] } }]);
    expect(keptOf(taken)).toEqual({ 'p/main': 'one\ntwo\n', 'p/side': 'three\n' });
    expect(taken.logs[0]).toMatchObject({ pod: 'p', container: 'main', restart: 0, bytes: 8, cutBytes: 0 });
    expect(taken.problems).toEqual([]);
  });

  it("share the run's limit; what one does not use is left for the next", async () => {
    const long = 'x'.repeat(19).concat('\n').repeat(10);
    const taken = await take([{ name: 'p', logs: { short: ['ok\n'], first: [long], second: [long] } }], { bytes: 123 });
    expect(keptOf(taken)).toEqual({ 'p/short': 'ok\n', 'p/first': long.slice(0, 60), 'p/second': long.slice(0, 60) });
    expect(taken.logs.map(({ cutBytes }) => cutBytes)).toEqual([0, 140, 140]);
  });

  it("never take more than the run's limit", async () => {
    const logs = fc.array(fc.string({ unit: fc.constantFrom('a', '\n'), maxLength: 80 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(logs, fc.integer({ min: 0, max: 120 }), async (texts, bytes) => {
        const taken = await take(
          texts.map((text, index) => ({ name: `p${index}`, logs: { main: [text] } })),
          { bytes },
        );
        expect(taken.logs.reduce((sum, log) => sum + log.bytes, 0)).toBeLessThanOrEqual(bytes);
        expect(taken.logs.map((log) => log.bytes + log.cutBytes)).toEqual(texts.map(({ length }) => length));
      }),
      { numRuns: 60 },
    );
  });

  it('start with pods that failed, then go by age, and logs beyond the limit are reported', async () => {
    const pod = (name: string, phase: 'Succeeded' | 'Failed', minute: number): FakePod => ({
      name,
      phase,
      created: `2026-01-01T00:0${minute}:00Z`,
      logs: { main: [name] },
    });
    const taken = await take(
      [
        pod('good-2', 'Succeeded', 2),
        pod('bad-3', 'Failed', 3),
        pod('good-1', 'Succeeded', 1),
        pod('bad-4', 'Failed', 4),
      ],
      { containers: 3 },
    );
    expect(taken.logs.map((log) => log.pod)).toEqual(['bad-3', 'bad-4', 'good-1']);
    expect(taken.problems).toEqual([{ what: 'a run keeps the logs of 3 containers', logs: 1 }]);
  });

  it('keep what arrived of a log that breaks, report it, and keep the others', async () => {
    const taken = await take([
      { name: 'broken', logs: { main: ['half\n', new Error('the kubelet is away')] } },
      { name: 'whole', logs: { main: ['all\n'] } },
    ]);
    expect(keptOf(taken)).toEqual({ 'broken/main': 'half\n', 'whole/main': 'all\n' });
    expect(taken.problems).toEqual([{ what: 'the end of the log of pod broken: the kubelet is away', logs: 1 }]);
  });

  it('that never end are cut by the time limit, which is reported', async () => {
    const taken = await take(
      [
        { name: 'quick', logs: { main: ['all\n'] } },
        { name: 'slow', created: '2026-01-02T00:00:00Z', logs: { main: ['half\n', endless] } },
      ],
      { timeoutMs: 50 },
    );
    expect(keptOf(taken)).toEqual({ 'quick/main': 'all\n', 'slow/main': 'half\n' });
    expect(taken.problems).toEqual([
      { what: expect.stringMatching(/^the end of the log of pod slow: .*timeout/) as string, logs: 1 },
    ]);
  });

  it('are not stored in part when this process ends: then none are', async () => {
    const stop = new AbortController();
    const taking = take([{ name: 'slow', logs: { main: [endless] } }], {}, stop.signal);
    stop.abort(new Error('it ends'));
    await expect(taking).rejects.toThrow('it ends');
  });
});

describe('the log of a pod that is ending', () => {
  const at = (second: number) => `2026-11-22T21:03:0${second}Z`;
  const line = (second: number, text: string) => `${at(second)} ${text}\n`;

  /** What is kept of a container's log that comes as these streams, one after the other. */
  async function keptOfStreams(...streams: readonly (readonly (string | Error)[])[]): Promise<string[]> {
    const cluster = new FakeCluster();
    cluster.add('slow', [{ name: 'slow-x', logs: { main: streams[0] ?? [] } }]);
    const asked: object[] = [];
    const client: typeof cluster.client = {
      ...cluster.client,
      getStream: (_path, query = {}) => {
        const chunks = streams[asked.length] ?? [];
        asked.push(query);
        return Promise.resolve(
          // eslint-disable-next-line @typescript-eslint/require-await -- as a stream comes
          (async function* () {
            for (const chunk of chunks) {
              if (chunk instanceof Error) throw chunk;
              yield Buffer.from(chunk);
            }
          })(),
        );
      },
    };
    const pod = { namespace: 'prod', name: 'slow-x', uid: 'uid-slow-x' };
    const limits = { bytes: 1_000, containers: 10, timeoutMs: 60_000 };
    const { logs } = await takeEndingLogs(client, pod, limits, nothingStops);
    expect(asked).toMatchObject([{ tailLines: 100_000 }, { sinceTime: at(2) }]);
    return logs.map(({ log }) => gunzipSync(log?.body ?? '').toString());
  }

  it('has what it printed after its node had begun a new file, which the first stream does not bring', async () => {
    const [kept] = await keptOfStreams(
      [line(1, 'connecting'), line(2, 'connected')],
      [line(2, 'connected'), line(3, 'stopped: SIGTERM')],
    );
    expect(kept).toBe(line(1, 'connecting') + line(2, 'connected') + line(3, 'stopped: SIGTERM'));
  });

  it('goes on where its stream broke, and says where lines may be missing', async () => {
    const [kept] = await keptOfStreams(
      [line(1, 'connecting'), line(2, 'connected'), new Error('other side closed')],
      [line(5, 'stopped: SIGTERM')],
    );
    expect(kept).toBe(
      line(1, 'connecting') +
        line(2, 'connected') +
        line(
          5,
          `lines between ${at(2)} and ${at(5)} may be missing: the log's stream broke, and its node began a new file before it was opened again`,
        ) +
        line(5, 'stopped: SIGTERM'),
    );
  });
});
