import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ApiError } from './api-error.ts';
import type { Client } from './client.ts';
import { follow } from './follow.ts';
import { configMaps } from './testing/config-maps.ts';

it('ends with what ended it, also between two attempts to reach the API server', async () => {
  const client = {
    list() {
      throw new ApiError(
        { verb: 'list', resource: 'configmaps', kind: 'ConfigMap' },
        { status: 503, reason: 'ServiceUnavailable', message: 'it starts' },
      );
    },
  } as unknown as Client;
  const end = new AbortController();
  const next = follow(client, configMaps, {}, end.signal).next();
  // The list has been refused by now, and the next one is a second away.
  await turn();
  const reason = new Error('Ctrl-C');
  end.abort(reason);
  await expect(next).rejects.toBe(reason);
});
