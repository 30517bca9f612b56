import type { ComponentChildren } from 'preact';
import type { Lively } from '../hooks.ts';
import { Failure } from './failure.tsx';
import { Loading } from './loading.tsx';

interface Props<T> {
  readonly live: Lively<T>;
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}

/** Shows a value once it is loaded. An old value stays while loading fails, marked as old. */
export function Loaded<T>({ live, what, children }: Props<T>) {
  const { value, error, refresh } = live;
  return (
    <>
      {error === undefined ? null : <Failure error={error} retry={refresh} />}
      {value !== undefined ? children(value) : error === undefined ? <Loading what={what} /> : null}
    </>
  );
}
