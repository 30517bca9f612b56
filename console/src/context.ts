import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Access } from '../../controller/src/api/schemas.ts';
import type { ApiClient } from './api/client.ts';
import { useChanges } from './hooks.ts';
import type { Route, Router } from './route.ts';

/** What every view may use. */
export interface ConsoleContext {
  readonly api: ApiClient;
  readonly router: Router;
  /** Absent until it is known: nothing is offered until then. */
  readonly access?: Access;
  /** Says what happened, to eyes and to screen readers. */
  readonly announce: (message: string) => void;
}

const Context = createContext<ConsoleContext | undefined>(undefined);

/** Gives the views what they use. */
export const ConsoleProvider = Context.Provider;

/** What every view may use. */
export function useConsole(): ConsoleContext {
  const context = useContext(Context);
  if (context === undefined) throw new Error('useConsole needs a ConsoleProvider above it');
  return context;
}

/** The route, rendered again when it changes. */
export function useRoute(): Route {
  const { router } = useConsole();
  useChanges(router);
  return router.route;
}
