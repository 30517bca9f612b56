import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
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

it('asks a machine that is silent whether it is still there', async () => {
  const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
  const listening = await listen(
    createServer((_request, response) => response.end('here')),
    address,
  );
  await (await fetch(`http://127.0.0.1:${listening.port}/`)).text();
  expect(setKeepAlive).toHaveBeenCalledWith(true, 30_000);
  setKeepAlive.mockRestore();
  await listening.close();
});

it('keeps neither others out nor the memory full, however many connections somebody opens', async () => {
  const server = createServer((_request, response) => response.end('here'));
  const listening = await listen(server, address, 10);
  const slow = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = connect({ host: address.host, port: listening.port, localAddress: '127.0.0.2' });
      const ended = once(socket, 'close');
      socket.on('error', () => undefined); // a connection that is ended may be reset
      await once(socket, 'connect');
      socket.write('GET / HTTP/1.1\r\nx: ');
      return { socket, ended };
    }),
  );
  const answer = await fetch(`http://127.0.0.1:${listening.port}/`);
  expect(await answer.text()).toBe('here');
  await Promise.all(slow.slice(0, 40).map(({ ended }) => ended));
  const { promise, resolve } = Promise.withResolvers<number>();
  server.getConnections((_error, count) => resolve(count));
  expect(await promise).toBeLessThanOrEqual(10);
  slow.forEach(({ socket }) => socket.destroy());
  await listening.close();
});

it('cuts nobody off amid an answer who shares an address with somebody of many connections', async () => {
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(200).write('a line');
    responses.push(response);
  });
  const listening = await listen(server, address, 10);
  const asked = Array.from({ length: 3 }, () => fetch(`http://127.0.0.1:${listening.port}/`));
  const answers = await Promise.all(asked);
  const idle = Array.from({ length: 30 }, () => connect({ host: address.host, port: listening.port }));
  const ends = idle.map((socket) => {
    socket.on('error', () => undefined); // a connection that is ended may be reset
    return once(socket, 'close');
  });
  await Promise.all(ends.slice(0, 20));
  for (const response of responses) response.end(' and the next');
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(texts).toEqual(Array(3).fill('a line and the next'));
  idle.forEach((socket) => socket.destroy());
  await listening.close();
});

it('has no more connections than that where all of an address are amid an answer', async () => {
  const server = createServer((_request, response) => void response.writeHead(200).write('a line'));
  const listening = await listen(server, address, 3);
  const url = `http://127.0.0.1:${listening.port}/`;
  const answers = await Promise.all(Array.from({ length: 3 }, () => fetch(url)));
  const texts = Promise.allSettled(answers.map((answer) => answer.text()));
  const other = connect({ host: address.host, port: listening.port, localAddress: '127.0.0.2' });
  other.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  expect(String((await once(other, 'data'))[0])).toContain('a line');
  const { promise, resolve } = Promise.withResolvers<number>();
  server.getConnections((_error, count) => resolve(count));
  expect(await promise).toBeLessThanOrEqual(3);
  other.destroy();
  await listening.close();
  await texts;
});
