import { useEffect, useRef, useState } from 'preact/hooks';
import { rowWindow, type RowWindow } from './row-window.ts';

/** The rows of a table body that are in view, as the page is scrolled. */
export function useRowWindow(
  rows: number,
  rowHeight: number,
): readonly [{ readonly current: HTMLTableSectionElement | null }, RowWindow] {
  const body = useRef<HTMLTableSectionElement>(null);
  const [scrolled, setScrolled] = useState(0);
  useEffect(() => {
    const measure = () => {
      const top = -(body.current?.getBoundingClientRect().top ?? 0);
      // In steps of rows: a move by a pixel draws nothing again.
      setScrolled(Math.floor(top / rowHeight) * rowHeight);
    };
    measure();
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure, { passive: true });
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [rowHeight]);
  return [body, rowWindow({ scrolled, height: innerHeight, rowHeight, rows })];
}
