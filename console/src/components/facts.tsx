import type { ComponentChildren } from 'preact';

/** A name and what it is; what is undefined is left out. */
export type Fact = readonly [name: string, value: ComponentChildren];

/** Names and values, in columns where there is room. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
