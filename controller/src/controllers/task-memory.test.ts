import { describe, expect, test } from 'vitest';
import { kept, noted, TaskMemory } from './task-memory.ts';

const refusal = { object: 'TaskRun' as const, run: 'mytask-v2', reason: 'Invalid', message: 'no', final: true };

describe('what is remembered of a Task', () => {
  test('a run that was finally refused is retried for a later version, whose run may have the same name', () => {
    const memory = new TaskMemory();
    memory.see(1, 0);
    memory.refuse(refusal, 0);
    memory.see(1, 5);
    expect(memory.refusals).toHaveLength(1);
    memory.see(2, 9);
    expect(memory.refusals).toEqual([]);
  });
  test('a refusal waits twice as long each time, up to a minute', () => {
    const memory = new TaskMemory();
    const waits = Array.from({ length: 7 }, () => {
      memory.refuse({ ...refusal, final: false }, 0);
      return memory.refusals[0]?.retryAt;
    });
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });
  test('how often creating an object was refused counts for its step alone, until it is created', () => {
    const memory = new TaskMemory();
    for (let time = 0; time < 3; time += 1) memory.refuse({ ...refusal, object: 'Job', step: 'a' }, 0);
    const attempts = () => ['a', 'b', undefined].map((step) => memory.attemptsOf('Job', 'mytask-v2', step));
    expect(attempts()).toEqual([3, 0, 0]);
    memory.accepted('Job', 'mytask-v2', 'a');
    expect(attempts()).toEqual([0, 0, 0]);
  });
  test('nothing grows without limit', () => {
    const memory = new TaskMemory();
    for (let index = 0; index < 1_250; index += 1) {
      memory.see(index, index);
      memory.goneJobs = noted(memory.goneJobs, String(index));
      memory.terminationMessages = kept(memory.terminationMessages, String(index), {});
      memory.refuse({ ...refusal, object: 'Job', run: String(index) }, 0);
    }
    expect([memory.seenAt.size, memory.goneJobs.size, memory.terminationMessages.size, memory.refusals.length]).toEqual(
      [1_000, 1_000, 1_000, 1_000],
    );
    expect(memory.goneJobs.has('1249')).toBe(true);
  });
});
