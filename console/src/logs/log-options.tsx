import { useState } from 'preact/hooks';
import { useConsole, useRoute } from '../context.ts';
import { withQuery } from '../route.ts';

const tails: readonly (readonly [string, string])[] = [
  ['100', 'last 100 lines'],
  ['1000', 'last 1,000 lines'],
  ['10000', 'last 10,000 lines'],
  ['all', 'all lines'],
];

/** What of a log is shown. The server searches, so a search is sent when it is complete. */
export function LogOptions({ live }: { readonly live: boolean }) {
  const { router } = useConsole();
  const route = useRoute();
  const { search = '', tail = '1000', times = '', follow = '' } = route.query;
  const [typed, setTyped] = useState(search);
  const set = (change: Record<string, string>) => router.replace(withQuery(route, change));
  const submit = (event: Event) => {
    event.preventDefault();
    set({ search: typed });
  };
  return (
    <form class="filters" role="search" onSubmit={submit}>
      <label>
        <span class="hidden">Search the logs</span>
        <input
          type="search"
          placeholder="Lines that contain"
          maxLength={200}
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
      <button type="submit">Search</button>
      <label>
        <span class="hidden">How much of each container</span>
        <select value={tail} onChange={({ currentTarget }) => set({ tail: currentTarget.value })}>
          {tails.map(([key, title]) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={times !== ''}
          onChange={({ currentTarget }) => set({ times: currentTarget.checked ? 'yes' : '' })}
        />
        Times
      </label>
      {live ? (
        <label class="check">
          <input
            type="checkbox"
            checked={follow !== 'no'}
            onChange={({ currentTarget }) => set({ follow: currentTarget.checked ? '' : 'no' })}
          />
          Follow
        </label>
      ) : null}
    </form>
  );
}
