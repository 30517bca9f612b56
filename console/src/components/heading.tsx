import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { visible } from '../logs/safe-text.ts';

let navigated = false;

/** The heading of a view. After a navigation it has the focus, so that a screen reader says where one is. */
export function Heading({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${visible(title)} · task-runs`;
    // The first view of all leaves the focus where the browser put it.
    if (navigated) heading.current?.focus();
    navigated = true;
  }, [title]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? title}
    </h1>
  );
}
