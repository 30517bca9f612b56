import { expect, it } from 'vitest';
import { createClient } from './client.ts';
import { serveScript } from './testing/scripted-server.ts';
import type { CallTarget } from './api-error.ts';

it('names no pod in metrics, however many logs somebody has it read', async () => {
  const server = await serveScript((_request, response) => void response.end('{}'));
  const seen: string[] = [];
  const after = ({ verb, resource, subresource }: CallTarget): void =>
    void seen.push(`${verb} ${resource} ${subresource ?? ''}`);
  const client = createClient({ server: server.url, userAgent: 'test', onRequest: { after } });
  for (let index = 0; index < 20; index += 1) {
    const path = `/api/v1/namespaces/ns-${index}/pods/pod.${index}/log`;
    await client.getText(path);
    for await (const chunk of await client.getStream(path)) void chunk;
  }
  await client.getText('/apis/kueue.x-k8s.io');
  await client.getText('/api/v1/namespaces/%2e%2e/pods/x/y/log');
  expect([...new Set(seen)]).toEqual(['get pods log', 'get other ']);
  await client.close();
  await server.close();
});
