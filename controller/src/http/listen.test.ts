import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { listen } from './listen.ts';

const address = { host: '127.0.0.1', port: 0 };

it('releases the port when it is closed, even while requests are still being answered', async () => {
  const first = await listen(
    createServer((_request, response) => response.writeHead(200).write('never ends')),
    address,
  );
  const answer = await fetch(`http://127.0.0.1:${first.port}/`);
  await first.close();
  await expect(answer.text()).rejects.toThrow('terminated');
  const second = await listen(createServer(), { ...address, port: first.port });
  expect(second.port).toBe(first.port);
  await second.close();
});

it('refuses a port that is in use', async () => {
  const first = await listen(createServer(), address);
  await expect(listen(createServer(), { ...address, port: first.port })).rejects.toThrow('EADDRINUSE');
  await first.close();
});
