const key = 'task-runs.token';

/** A token that somebody pasted. It lives as long as the tab and is written nowhere else. */
export interface TokenKeeper {
  get(): string | undefined;
  set(token: string | undefined): void;
}

/** Keeps the token in the tab's own storage, so that a reload does not ask again. */
export function tabToken(storage: Storage): TokenKeeper {
  return {
    get: () => storage.getItem(key) ?? undefined,
    set: (token) => (token === undefined ? storage.removeItem(key) : storage.setItem(key, token)),
  };
}
