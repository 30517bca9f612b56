/** What is shown. All of it is in the address, so that a link or a reload shows the same. */
export interface Route {
  readonly view: 'tasks' | 'timeline' | 'task' | 'run' | 'compare' | 'unknown';
  /** Absent for all namespaces. */
  readonly namespace?: string;
  /** The task's or the run's name. */
  readonly name?: string;
  /** Tab, selection and filters. */
  readonly query: Readonly<Record<string, string>>;
}

const patterns: readonly (readonly [RegExp, Route['view']])[] = [
  [/^\/?$/, 'tasks'],
  [/^\/tasks$/, 'tasks'],
  [/^\/timeline$/, 'timeline'],
  [/^\/namespaces\/(?<namespace>[^/]+)\/tasks$/, 'tasks'],
  [/^\/namespaces\/(?<namespace>[^/]+)\/timeline$/, 'timeline'],
  [/^\/namespaces\/(?<namespace>[^/]+)\/tasks\/(?<name>[^/]+)$/, 'task'],
  [/^\/namespaces\/(?<namespace>[^/]+)\/runs\/(?<name>[^/]+)$/, 'run'],
  [/^\/namespaces\/(?<namespace>[^/]+)\/compare$/, 'compare'],
];

/** Reads an address' fragment. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2);
  const query = Object.fromEntries(new URLSearchParams(search));
  for (const [pattern, view] of patterns) {
    const groups = pattern.exec(path);
    if (groups) return { view, ...decoded(groups.groups ?? {}), query };
  }
  return { view: 'unknown', query };
}

function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decode(value)]));
}

/** A typed address may contain an invalid escape. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The fragment that shows a route; empty values of the query are left out. */
export function hrefOf({ view, namespace, name = '', query }: Route): string {
  const entries = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(entries).toString();
  return `#${pathOfView(view, namespace, encodeURIComponent(name))}${search === '' ? '' : `?${search}`}`;
}

function pathOfView(view: Route['view'], namespace: string | undefined, name: string): string {
  const prefix = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  switch (view) {
    case 'task':
      return `${prefix}/tasks/${name}`;
    case 'run':
      return `${prefix}/runs/${name}`;
    case 'unknown':
      return '/tasks';
    default:
      return `${prefix}/${view}`;
  }
}

/** The address of a task. */
export function taskHref(namespace: string, name: string, query: Route['query'] = {}): string {
  return hrefOf({ view: 'task', namespace, name, query });
}

/** The address of a run. */
export function runHref(namespace: string, name: string, query: Route['query'] = {}): string {
  return hrefOf({ view: 'run', namespace, name, query });
}

/** The same route with some of its query changed. */
export function withQuery(route: Route, change: Readonly<Record<string, string>>): Route {
  return { ...route, query: { ...route.query, ...change } };
}

/** Where the address is read and written. */
export class Router {
  readonly #listeners = new Set<() => void>();
  #route = parseRoute(location.hash);

  constructor() {
    addEventListener('hashchange', () => this.#changed());
  }

  get route(): Route {
    return this.#route;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows something else; "back" leads here again. */
  go(route: Route): void {
    location.hash = hrefOf(route);
  }

  /** Shows something else in place of this, for filters that are being typed. */
  replace(route: Route): void {
    history.replaceState(null, '', hrefOf(route));
    this.#changed();
  }

  #changed(): void {
    this.#route = parseRoute(location.hash);
    for (const listener of this.#listeners) listener();
  }
}
