/** Requests and limits of a container. */
import type { SchemaProblem } from '../schema.ts';
import { shown } from '../shown.ts';
import type { Place } from './place.ts';
import { amountOf } from './quantity.ts';

/** What has a name without a domain, beside hugepages of any size, such as hugepages-2Mi. */
const standard: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

const isHugePages = (name: string) => name.startsWith('hugepages-');
const isExtended = (name: string) => !standard.has(name) && !isHugePages(name);

/** @param isWhole whether nothing else adds to them: a limit that is missing may come from a trait */
export function resourceProblems(resources: Place, isWhole: boolean): readonly SchemaProblem[] {
  const [limits, requests] = [resources.at('limits'), resources.at('requests')];
  return [
    ...limits.names.flatMap((name) => amountProblems(name, limits.at(name))),
    ...requests.names.flatMap((name) => [
      // What the parameters say counts for both, and is told once.
      ...(requests.at(name).value === limits.at(name).value ? [] : amountProblems(name, requests.at(name))),
      ...besideLimit(name, requests.at(name), limits.at(name), isWhole),
    ]),
    ...(isWhole ? hugePagesAlone(resources) : []),
  ];
}

function amountProblems(name: string, amount: Place): readonly SchemaProblem[] {
  if (name.includes('$(') || String(amount.value).includes('$(')) return [];
  if (isExtended(name) && !name.includes('/'))
    return [
      amount.problem(
        'is not a resource of a container: write cpu, memory, ephemeral-storage, hugepages-SIZE, or one with a domain such as nvidia.com/gpu',
      ),
    ];
  const number = amountOf(amount.value);
  const message = number === undefined ? noAmount : wrongAmount(name, amount.value, number);
  return message === undefined ? [] : [amount.is(message)];
}

const noAmount = ': write an amount such as 500m or 2 of cpu, 512Mi or 2Gi of memory';

function wrongAmount(name: string, value: unknown, number: number): string | undefined {
  if (number < 0) return ': write 0 or more';
  if (isExtended(name) && !Number.isInteger(number)) return ': write a whole number';
  const isOfThousandths = name === 'memory' && typeof value === 'string' && value.endsWith('m');
  return isOfThousandths ? `, which is ${number} bytes: write ${value.slice(0, -1)}Mi` : undefined;
}

function besideLimit(name: string, request: Place, limit: Place, isWhole: boolean): readonly SchemaProblem[] {
  const [asked, most] = [amountOf(request.value), amountOf(limit.value)];
  const mustEqual = !standard.has(name);
  if (asked === undefined) return [];
  if (!limit.isThere)
    return mustEqual && isWhole ? [request.is(`, and there is no limit of ${name}: write the same into limits`)] : [];
  if (most === undefined || (mustEqual ? asked === most : asked <= most)) return [];
  const wanted = mustEqual ? 'write the same in both' : 'write the limit or less';
  return [request.is(`, and the limit of ${name} is ${shown(limit.value)}: ${wanted}`)];
}

function hugePagesAlone(resources: Place): readonly SchemaProblem[] {
  const names = [...resources.at('limits').names, ...resources.at('requests').names];
  const isAlone = names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory');
  return isAlone ? [resources.problem('has hugepages alone: write cpu or memory as well')] : [];
}
