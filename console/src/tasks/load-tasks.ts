import type { TaskPage, TaskView } from '../../../controller/src/api/schemas.ts';
import { pathOf, type ApiClient } from '../api/client.ts';

/** The tasks that were loaded, and how many there are. */
export interface Tasks {
  readonly items: readonly TaskView[];
  readonly total: number;
}

const firstPage = 100;
const page = 2_500;
const most = 10_000;

/** All tasks, up to 10,000; the first hundred are shown before the rest is there. */
export async function loadTasks(
  api: ApiClient,
  namespace: string | undefined,
  signal: AbortSignal,
  progress: (part: Tasks) => void,
): Promise<Tasks> {
  const path = namespace === undefined ? 'tasks' : pathOf('namespaces', namespace, 'tasks');
  const items: TaskView[] = [];
  let cursor: string | undefined;
  let total: number;
  do {
    const limit = items.length === 0 ? firstPage : page;
    const loaded = await api.get<TaskPage>(path, { limit, cursor }, signal);
    items.push(...loaded.items);
    ({ nextCursor: cursor, total } = loaded);
    if (cursor !== undefined) progress({ items: [...items], total });
  } while (cursor !== undefined && items.length < most);
  return { items, total };
}
