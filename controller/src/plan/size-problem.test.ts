import { expect, test } from 'vitest';
import { sizeProblem } from './plan.ts';

const taskOf = (count: number) => ({
  spec: { items: Array.from({ length: count }, () => ({ text: 'x'.repeat(300) })) },
});

test('a Task that is larger than what KubeVela applies is refused by a plan, with what to do', () => {
  expect(sizeProblem(taskOf(1_000))).toMatch(
    /^the Task has 31\d{4} bytes, and KubeVela applies 262144 at most: put long/,
  );
  expect(sizeProblem(taskOf(500))).toBeUndefined();
});
