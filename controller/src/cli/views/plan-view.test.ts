import { expect, it } from 'vitest';
import type { Plan } from '../../plan/document.ts';
import { plain } from '../style.ts';
import { renderPlan } from './plan-view.ts';

it('an Application of a stranger cannot move the cursor of whoever plans it, or forge a line', () => {
  const hostile = 'x\u001b]0;TITLE\u0007\u009b2J\u202e\nerror: FORGED';
  const application = { name: 'a', namespace: hostile, revision: 'a-v1', changed: true, components: [] };
  const plan = { applications: [{ ...application, steps: [{ message: hostile }] }] } as unknown as Plan;
  const text = renderPlan(plan, { wide: false, paint: plain, columns: Infinity });
  expect(text).toContain('in namespace x ]0;TITLE 2J error: FORGED: deployed');
  expect(text.endsWith('\nx ]0;TITLE 2J error: FORGED\n')).toBe(true);
});
