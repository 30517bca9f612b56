import { useEffect, useState } from 'preact/hooks';

/** What happened last; `count` tells one from the next with equal words. */
export interface Announcement {
  readonly message: string;
  readonly count: number;
}

const shownMs = 6_000;

/** Shows what happened for a while, and a screen reader says it. */
export function Announcer({ announcement }: { readonly announcement: Announcement | undefined }) {
  const [hidden, setHidden] = useState(-1);
  useEffect(() => {
    if (announcement === undefined) return undefined;
    const timer = setTimeout(() => setHidden(announcement.count), shownMs);
    return () => clearTimeout(timer);
  }, [announcement]);
  const visible = announcement !== undefined && announcement.count !== hidden;
  return (
    <div class={visible ? 'announcer visible' : 'announcer'} role="status" aria-live="polite">
      {visible ? announcement.message : ''}
    </div>
  );
}
