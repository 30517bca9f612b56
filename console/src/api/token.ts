const key = 'task-runs.token';

/** A token that somebody pasted. It lives as long as the tab and is written nowhere else. */
export interface TokenKeeper {
  get(): string | undefined;
  set(token: string | undefined): void;
}

/**
 * The key in the address that `task-runs ui` printed: it is sent as a token. Only on this machine, where that serves
 * the console: elsewhere a link could make people use somebody else's token.
 */
export function keyInAddress({ hostname, hash }: Pick<Location, 'hostname' | 'hash'>): string | undefined {
  const isHere = /^(127\.0\.0\.1|([^.]+\.)?localhost)$/.test(hostname);
  return isHere ? /^#key=([\w-]+)$/.exec(hash)?.[1] : undefined;
}

/** Keeps the token in the tab's own storage, so that a reload does not ask again. */
export function tabToken(storage: Storage): TokenKeeper {
  return {
    get: () => storage.getItem(key) ?? undefined,
    set: (token) => (token === undefined ? storage.removeItem(key) : storage.setItem(key, token)),
  };
}
