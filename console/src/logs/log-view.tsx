import type { LogLine } from '../../../controller/src/api/schemas.ts';
import type { Query } from '../api/client.ts';
import { Empty } from '../components/empty.tsx';
import { useConsole, useRoute } from '../context.ts';
import { LogOptions } from './log-options.tsx';
import { LogReader } from './log-reader.tsx';

interface Props {
  readonly path: string;
  readonly query: Query;
  /** Whether more may come. */
  readonly live: boolean;
  /** What stands before a line. */
  readonly source: (line: LogLine) => string;
  readonly label: string;
}

/** A log with its search; options are in the address. */
export function LogView({ path, query, live, source, label }: Props) {
  const { access } = useConsole();
  const { search = '', tail = '1000', times = '', follow = '' } = useRoute().query;
  if (access !== undefined && !access.may.logs) return <Empty title="You may not read logs in this namespace." />;
  const following = live && follow !== 'no';
  const asked: Query = {
    ...query,
    search,
    tail: tail === 'all' ? undefined : tail,
    ...(following ? { follow: true } : {}),
  };
  return (
    <section class="logs" aria-label="Logs">
      <LogOptions live={live} />
      <LogReader
        key={JSON.stringify([path, asked])}
        path={path}
        query={asked}
        follow={following}
        source={source}
        times={times !== ''}
        label={label}
        searched={search !== ''}
      />
    </section>
  );
}
