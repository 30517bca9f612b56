import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Access } from '../../controller/src/api/schemas.ts';
import type { ApiClient } from './api/client.ts';
import type { TokenKeeper } from './api/token.ts';
import { Announcer, type Announcement } from './components/announcer.tsx';
import { ErrorBoundary } from './components/error-boundary.tsx';
import { Header } from './components/header.tsx';
import { Loaded } from './components/loaded.tsx';
import { Login } from './components/login.tsx';
import { ConsoleProvider, type ConsoleContext } from './context.ts';
import { useChanges, useLive } from './hooks.ts';
import type { Router } from './route.ts';
import { CurrentView } from './current-view.tsx';

interface Props {
  readonly api: ApiClient;
  readonly token: TokenKeeper;
  readonly router: Router;
}

/** Rights change rarely. */
const accessMs = 60_000;

/** The page: signs in where that is needed, else shows what the address asks for. */
export function App({ api, token, router }: Props) {
  const [asked, setAsked] = useState(0);
  const [stranger, setStranger] = useState(false);
  api.onUnauthenticated = () => setStranger(true);
  const signIn = (pasted: string) => {
    token.set(pasted);
    setStranger(false);
    setAsked(asked + 1);
  };
  if (!stranger) return <Page key={asked} api={api} router={router} />;
  return (
    <main class="main">
      <Login refused={token.get() !== undefined} onToken={signIn} />
    </main>
  );
}

function Page({ api, router }: Pick<Props, 'api' | 'router'>) {
  useChanges(router);
  const { namespace } = router.route;
  const access = useLive(
    `access ${namespace ?? ''}`,
    (signal) => api.get<Access>('access', { namespace }, signal),
    accessMs,
  );
  const [announcement, setAnnouncement] = useState<Announcement>();
  const known = access.value;
  const context = useMemo<ConsoleContext>(() => {
    const announce = (message: string) => setAnnouncement((before) => ({ message, count: (before?.count ?? 0) + 1 }));
    return { api, router, announce, ...(known === undefined ? {} : { access: known }) };
  }, [api, router, known]);
  const first = known?.allNamespaces === false && namespace === undefined ? known.namespaces[0] : undefined;
  useEffect(() => {
    if (first !== undefined) router.replace({ ...router.route, namespace: first });
  }, [first]);
  return (
    <ConsoleProvider value={context}>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to content
      </a>
      <Header />
      <main id="main" class="main" tabIndex={-1}>
        <ErrorBoundary key={router.route.view}>
          <Loaded live={access} what="what you may see">
            {() => (first === undefined ? <CurrentView route={router.route} /> : null)}
          </Loaded>
        </ErrorBoundary>
      </main>
      <Announcer announcement={announcement} />
    </ConsoleProvider>
  );
}

/** The fragment holds the route, so a jump within the page must not change it. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
