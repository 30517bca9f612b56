/**
 * Amounts of a resource: CPU in thousandths, all else in units. Semantics as Kubernetes' resource.Quantity, within what
 * quotas of tests need.
 */
import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import type { Workload } from './kinds.ts';

const decimal = ['', 'k', 'M', 'G', 'T', 'P'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** @throws Error for an invalid quantity */
export function amountOf(resource: string, quantity: string | number): number {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?)(m|[kMGTP]|[KMGTP]i)?$/.exec(String(quantity)) ?? [];
  if (digits === undefined)
    throw new Error(`${quantity} is not a quantity of ${resource}: write for example 600m, 2 or 1Gi`);
  const scale =
    suffix === 'm'
      ? 1 / 1000
      : binary.indexOf(suffix) > 0
        ? 1024 ** binary.indexOf(suffix)
        : 1000 ** decimal.indexOf(suffix);
  return Math.ceil(Number(digits) * scale * (resource === 'cpu' ? 1000 : 1));
}

/** As Kueue writes it in messages: `600m`, `2`, `1Gi`. */
export function quantityOf(resource: string, amount: number): string {
  if (resource === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
  const [step, names] = resource === 'memory' || resource === 'ephemeral-storage' ? [1024, binary] : [1000, decimal];
  let [left, power] = [amount, 0];
  while (left !== 0 && left % step === 0 && power < names.length - 1) [left, power] = [left / step, power + 1];
  return `${left}${names[power]}`;
}

/** What a Workload asks of a resource: that of all its pods. */
export function requestOf({ spec }: Workload, resource: string): number {
  return spec.podSets.reduce((sum, { count, template }) => sum + count * podRequest(template.spec, resource), 0);
}

/** Init containers run one after the other and before the others. */
function podRequest(spec: PodSpec | undefined, resource: string): number {
  const together = (spec?.containers ?? []).reduce((sum, container) => sum + containerRequest(container, resource), 0);
  return Math.max(together, ...(spec?.initContainers ?? []).map((container) => containerRequest(container, resource)));
}

function containerRequest({ resources }: Container, resource: string): number {
  return amountOf(resource, resources?.requests?.[resource] ?? resources?.limits?.[resource] ?? 0);
}
