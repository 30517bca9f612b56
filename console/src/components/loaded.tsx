import type { ComponentChildren } from 'preact';
import type { Lively } from '../hooks.ts';
import { Failure } from './failure.tsx';
import { Loading } from './loading.tsx';

interface Props<T> {
  readonly live: Lively<T>;
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}

/** A value once it is there; an old value stays while newer ones cannot be had, and it is said that it is old. */
export function Loaded<T>({ live, what, children }: Props<T>) {
  const { value, error, refresh } = live;
  return (
    <>
      {error === undefined ? null : <Failure error={error} retry={refresh} />}
      {value !== undefined ? children(value) : error === undefined ? <Loading what={what} /> : null}
    </>
  );
}
