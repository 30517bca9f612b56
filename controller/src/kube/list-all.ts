import type { Client, ListOptions } from './client.ts';
import type { KubeObject, ResourceType, Stored } from './objects.ts';

/**
 * All pages of a list in one. For lists that people wait for, and whose length something else limits: an informer or
 * {@link Client.list} takes any length.
 * @throws ApiError
 */
export async function listAll<T extends KubeObject>(
  client: Pick<Client, 'list'>,
  type: ResourceType<T>,
  options: ListOptions = {},
): Promise<Stored<T>[]> {
  const found: Stored<T>[] = [];
  for await (const { items } of client.list(type, options)) found.push(...items);
  return found;
}
