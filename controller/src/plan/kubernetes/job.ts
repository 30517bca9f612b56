/** What a Job's own policies must be, beside what the Task's schema says of it. */
import type { SchemaProblem } from '../schema.ts';
import { shown } from '../shown.ts';
import type { Place } from './place.ts';

const mostRules = 20;
const mostCodes = 255;

/** @param template the pod template of the same Job */
export function jobProblems(job: Place, template: Place): readonly SchemaProblem[] {
  const [failure, success] = [job.at('podFailurePolicy'), job.at('successPolicy')];
  return [
    ...tooManyRules(failure),
    ...tooManyRules(success),
    ...(success.isThere && success.at('rules').items.length === 0
      ? [success.problem('has no rules: write one, or leave it out')]
      : []),
    ...failure.at('rules').items.flatMap((rule) => ofFailureRule(rule, job, containersOf(template))),
    ...success.at('rules').items.flatMap((rule) => ofSuccessRule(rule, job)),
  ];
}

function containersOf(template: Place): readonly unknown[] {
  const spec = template.at('spec');
  return [...spec.at('containers').items, ...spec.at('initContainers').items].map((one) => one.at('name').value);
}

function tooManyRules(policy: Place): readonly SchemaProblem[] {
  const { length } = policy.at('rules').items;
  return length > mostRules ? [policy.at('rules').problem(`has ${length} elements: write ${mostRules} or less`)] : [];
}

function ofFailureRule(rule: Place, job: Place, containers: readonly unknown[]): readonly SchemaProblem[] {
  const [codes, conditions] = [rule.at('onExitCodes'), rule.at('onPodConditions')];
  const action = rule.at('action');
  const isPerIndex = action.value === 'FailIndex' && !job.at('backoffLimitPerIndex').isThere;
  const hasConditions = conditions.items.length > 0;
  return [
    ...rule.lacks('action'),
    ...(isPerIndex ? [action.is(', which needs backoffLimitPerIndex: write it as well, or FailJob')] : []),
    ...(codes.isThere && hasConditions
      ? [rule.problem('has onExitCodes and onPodConditions: write a rule for each')]
      : []),
    ...(!codes.isThere && !hasConditions
      ? [rule.problem('does not say when it applies: write onExitCodes or onPodConditions')]
      : []),
    ...(codes.isThere ? ofCodes(codes, containers) : []),
    ...conditions.items.flatMap((condition) => condition.lacks('type')),
  ];
}

function ofCodes(codes: Place, containers: readonly unknown[]): readonly SchemaProblem[] {
  const values = codes.at('values');
  const numbers = values.items.flatMap(({ number }) => number ?? []);
  const name = codes.at('containerName');
  const isOrdered = numbers.every((number, index) => index === 0 || (numbers[index - 1] ?? 0) < number);
  return [
    ...codes.lacks('operator'),
    ...(name.text === undefined || containers.includes(name.text)
      ? []
      : [
          name.is(
            `, and the pod's containers are ${containers.map(shown).join(', ')}: write one of these, or leave it out`,
          ),
        ]),
    ...(values.items.length === 0 ? [codes.problem('has no values: write the exit codes')] : []),
    ...(values.items.length > mostCodes
      ? [values.problem(`has ${values.items.length} elements: write ${mostCodes} or less`)]
      : []),
    ...(isOrdered ? [] : [values.is(': write them in order, each once')]),
    ...(codes.at('operator').value === 'In' && numbers.includes(0)
      ? [values.is(': take out 0, with which no container fails')]
      : []),
  ];
}

function ofSuccessRule(rule: Place, job: Place): readonly SchemaProblem[] {
  const [count, indexes] = [rule.at('succeededCount'), rule.at('succeededIndexes')];
  const { number: completions } = job.at('completions');
  if (!count.isThere && !indexes.isThere)
    return [rule.problem('does not say when it applies: write succeededCount or succeededIndexes')];
  if (completions === undefined) return [];
  const ofIndexes = indexes.text === undefined ? undefined : countIndexes(indexes.text, completions);
  if (indexes.text !== undefined && ofIndexes === undefined)
    return [indexes.is(`: write rising indexes from 0 to ${completions - 1}, such as 0,2-4`)];
  const most = ofIndexes ?? completions;
  return count.number !== undefined && count.number > most
    ? [count.is(`, more than the ${most} indexes that it counts: write ${most} or less`)]
    : [];
}

/** @returns how many indexes a list such as 0,2-4 has; undefined for another text, or one beyond the last index */
function countIndexes(list: string, completions: number): number | undefined {
  let [count, last] = [0, -1];
  for (const [first, end] of list === '' ? [] : list.split(',').map(rangeOf)) {
    // What is no number is not above the last one either.
    if (!(first > last)) return undefined;
    count += end - first + 1;
    last = end;
  }
  return last < completions ? count : undefined;
}

/** The first and the last index of `3` or `2-4`; no numbers where it is neither. */
function rangeOf(range: string): readonly [first: number, end: number] {
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  if (to === undefined) return [Number(from), Number(from)];
  return Number(from) < Number(to) ? [Number(from), Number(to)] : [NaN, NaN];
}
