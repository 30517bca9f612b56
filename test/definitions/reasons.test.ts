import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { eventReasons } from '../../controller/src/domain/model/events.ts';
import { reasonMeanings } from '../../controller/src/domain/model/reason-meanings.ts';
import { knownReasons, patientReasons, queuedReasons } from '../../controller/src/domain/model/reasons.ts';

/** Where reasons are made; model/ declares them. */
const rooms = ['domain', 'controllers', 'cluster'].map(
  (room) => new URL(`../../controller/src/${room}/`, import.meta.url),
);

/** A reason that is written out: `reason: 'Word'`, `reason = a ? 'Word' : b`, and the same as a template. */
const writtenOut = /\breason\b\s*[:=](?!=)[^;{}\n]*?(['`][A-Z]\w*)/g;

async function sources(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const room of rooms)
    for (const file of await readdir(room, { recursive: true }))
      if (file.endsWith('.ts') && !/\.test\.ts$|^(model|testing)\//.test(file))
        texts.set(file, await readFile(new URL(file, room), 'utf8'));
  return texts;
}

/** A condition without a reason of its own has the phase's name as its reason. */
const phases = ['Failed'];

describe('the catalogue of reasons and events', () => {
  it('has every reason with which a run ends, waits or stalls', () => {
    for (const reason of [...knownReasons, ...queuedReasons, ...patientReasons])
      expect(reasonMeanings, reason).toHaveProperty([reason]);
  });

  it('says what to do about every reason with which a run fails', () => {
    const silent = Object.entries(reasonMeanings).filter(
      ([, { with: phase, remedy }]) => phase.includes('Failed') && remedy === '',
    );
    expect(silent).toEqual([]);
  });

  it('is the only place where a reason is written out', async () => {
    const found = [...(await sources())].flatMap(([file, text]) =>
      [...text.matchAll(writtenOut)].map(([, word = '']) => `${file}: ${word.slice(1)}`),
    );
    expect(found.filter((one) => !phases.some((phase) => one.endsWith(`: ${phase}`)))).toEqual([]);
  });

  it('finds a reason that is written out', () => {
    const text = "reason: 'One', reason = late ? 'Two' : other; { reason: `Three${phase}` }; reason === 'Four'";
    expect([...text.matchAll(writtenOut)].map(([, word]) => word?.slice(1))).toEqual(['One', 'Two', 'Three']);
  });

  it('stands in the pages on queues: each reason in the guide, and in the runbook each that needs somebody', async () => {
    const page = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
    const [guide, runbooks] = [await page('guides/queues.md'), await page('operations/runbooks.md')];
    const runbook = runbooks.slice(
      runbooks.indexOf('## TaskRunsQueueBlocked'),
      runbooks.indexOf('## TaskRunsController'),
    );
    // WaitsForTurn waits for no queue, and the guide has one row for all WaitingFor...
    const ofQueues = [...queuedReasons].filter((reason) => !/^Wait(sForTurn|ingFor)/.test(reason));
    expect(ofQueues.filter((reason) => !guide.includes(`\`${reason}\``))).toEqual([]);
    const troubles = ofQueues.filter((reason) => !patientReasons.has(reason));
    expect(troubles.filter((reason) => !runbook.includes(`\`${reason}\``))).toEqual([]);
  });

  it('uses each event once', () => {
    expect(new Set(Object.values(eventReasons)).size).toBe(Object.keys(eventReasons).length);
  });
});
