import { ApiError, isGone, isUnreachable } from './api-error.ts';
import type { Client, Selection } from './client.ts';
import { sleep, systemClock } from './clock.ts';
import type { KubeObject, ResourceType, Stored } from './objects.ts';

/** How often in a row a watch may break before it is given up. */
const patience = 5;
const pauseMs = 1_000;

/**
 * The selected objects, by uid: as they are now, and again after every change, until `signal` ends it.
 * @throws ApiError when the API server refuses, or stays away; the signal's reason
 */
export async function* follow<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<ReadonlyMap<string, Stored<T>>, void, undefined> {
  for (let broken = 0; ;) {
    try {
      for await (const state of fromListOn(client, type, selection, signal)) {
        broken = 0;
        yield state;
      }
    } catch (error) {
      if (!mayPass(error) || (broken += 1) > patience) throw error;
      await sleep(systemClock, pauseMs, signal);
      signal.throwIfAborted();
    }
  }
}

function mayPass(error: unknown): boolean {
  return isGone(error) || isUnreachable(error) || (error instanceof ApiError && error.status >= 500);
}

/** One list, and the watches from there on. */
async function* fromListOn<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<ReadonlyMap<string, Stored<T>>, void, undefined> {
  const state = new Map<string, Stored<T>>();
  let resourceVersion = '';
  for await (const page of client.list(type, { ...selection, signal })) {
    for (const item of page.items) state.set(item.metadata.uid, item);
    ({ resourceVersion } = page);
  }
  yield state;
  for (;;) {
    for await (const { type: what, object } of client.watch(type, { ...selection, resourceVersion, signal })) {
      ({ resourceVersion } = object.metadata);
      if (what === 'BOOKMARK') continue;
      if (what === 'DELETED') state.delete(object.metadata.uid);
      else state.set(object.metadata.uid, object);
      yield state;
    }
  }
}
