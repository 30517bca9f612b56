import { describe, expect, it, test } from 'vitest';
import { taskSchema } from '../domain/testing/crd-schema.ts';
import { celHolds } from './cel.ts';

describe('a rule', () => {
  it.for<[rule: string, self: unknown, holds: boolean | undefined]>([
    ["!self.contains('TZ=')", 'TZ=UTC * * * * *', false],
    ["!self.contains('TZ=')", '* * * * *', true],
    ["!self.name.matches('-r[0-9]+$')", { name: 'a-r1' }, false],
    ['has(self.templateRef) || has(self.template) != has(self.steps)', { template: {}, steps: [] }, false],
    ['has(self.templateRef) || has(self.template) != has(self.steps)', { steps: [] }, true],
    ['!has(self.dependsOn) || !(self.name in self.dependsOn)', { name: 'a', dependsOn: ['b', 'a'] }, false],
    ['!has(self.dependsOn) || !(self.name in self.dependsOn)', { name: 'a' }, true],
    ["type(self) == int ? self >= 1 : string(self).matches('^([1-9][0-9]?|100)%$')", 0, false],
    ["type(self) == int ? self >= 1 : string(self).matches('^([1-9][0-9]?|100)%$')", 3, true],
    ["type(self) == int ? self >= 1 : string(self).matches('^([1-9][0-9]?|100)%$')", '101%', false],
    ["type(self) == int ? self >= 1 : string(self).matches('^([1-9][0-9]?|100)%$')", '10%', true],
    ['self.steps.exists(step, has(step.queue))', { steps: [{ name: 'a' }, { name: 'b', queue: { name: 'q' } }] }, true],
    ['self.steps.exists(step, has(step.queue))', { steps: [{ name: 'a' }] }, false],
    ['self.steps.exists(step, has(step.queue))', { steps: [] }, false],
    ['self.steps.exists(step, step.name == self.name)', { name: 'b', steps: [{ name: 'a' }, { name: 'b' }] }, true],
    ['self.lists.exists(list, list.exists(number, number >= 3))', { lists: [[1, 2], [3]] }, true],
    ['self.steps.exists(step, true) || step', { steps: [] }, undefined],
    ['self.exists(has(self.a))', [], undefined],
    ['self.list.all(x, x >= 1)', { list: [1, 2] }, true],
    ['self.list.all(x, x > 1)', { list: [1, 2] }, false],
    ['size(self.list) < 2 && self.list[0] <= 1', { list: [1] }, true],
    ['self.a == self.b', { a: { x: 1, y: [2] }, b: { y: [2], x: 1 } }, true],
    ['self.a == 1', {}, false],
    ['isQuantity(self.a)', { a: '1' }, undefined],
    ['self.taskRef == oldSelf.taskRef', {}, undefined],
    ["self == 'open", {}, undefined],
  ])('%s of %o: %s', ([rule, self, holds]) => expect(celHolds(rule, self)).toBe(holds));

  test("every rule of the Task's CRD is understood", () => {
    const rules = [...JSON.stringify(taskSchema).matchAll(/"rule":("(?:[^"\\]|\\.)*")/g)].map(
      ([, text = '""']) => JSON.parse(text) as string,
    );
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) expect([rule, celHolds(rule, { name: '' })]).toEqual([rule, expect.any(Boolean)]);
  });
});
