import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { Live, type Load, type LiveState } from './live.ts';

/** Something that says when it changed. */
interface Observable {
  subscribe(listener: () => void): () => void;
}

/** Renders again whenever `source` changes. */
export function useChanges(source: Observable): void {
  const [, render] = useReducer((count: number, _change: undefined) => count + 1, 0);
  useEffect(() => source.subscribe(() => render(undefined)), [source]);
}

/** What a component sees of a Live. */
export interface Lively<T> extends LiveState<T> {
  readonly refresh: () => void;
}

/**
 * A value that is kept up to date as long as the component is shown.
 * @param key names what is loaded; another key loads again
 */
export function useLive<T>(key: string, load: Load<T>, everyMs?: number): Lively<T> {
  const latest = useRef(load);
  latest.current = load;
  const live = useMemo(() => new Live<T>((signal, progress) => latest.current(signal, progress), everyMs), [key]);
  useChanges(live);
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);
  return { ...live.state, refresh: () => live.refresh() };
}

/** The time, again and again. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** How wide an element is, for charts; zero until it was measured. */
export function useWidth<E extends HTMLElement>(): readonly [(element: E | null) => void, number] {
  const [element, setElement] = useState<E | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}
