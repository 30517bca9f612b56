/**
 * What pages of other sites, of other ports of this machine and of those who had the port before want of `task-runs ui`
 * and of the console, in Chromium: none of them reads, does or learns anything.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { forwardTo, gate, placeOf } from '../../controller/src/cli/commands/ui.ts';
import { launchChromium } from '../support/chromium.ts';
import { startFakeApi, type FakeApi } from './fake-api.ts';
import { smallData } from './fake-data.ts';

const theKey = 'the-key';
const suspend = '/api/v1/namespaces/shop/tasks/migrate/suspend';

/** A server of this machine, and what it was asked. */
class Site {
  readonly #server: Server;
  readonly asked: string[] = [];
  port = 0;

  constructor(answer: RequestListener) {
    this.#server = createServer((request, response) => {
      this.asked.push(`${request.method} ${request.url} ${request.headers.cookie ?? ''}`);
      answer(request, response);
    });
  }

  async listen(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    ({ port: this.port } = this.#server.address() as AddressInfo);
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const page = (html: string) => `<!doctype html><title>evil</title>${html}`;

describe.skipIf(inject('chromium') === '')('task-runs ui', () => {
  let browser: Browser;
  let context: BrowserContext;
  let fake: FakeApi;
  let ui: Site;
  let evil: Site;
  let here = '';

  beforeAll(async () => {
    browser = await launchChromium(inject('chromium'), ['--host-resolver-rules=MAP *.example 127.0.0.1']);
  });
  beforeEach(async () => {
    fake = await startFakeApi(smallData(), { token: 'the-token' });
    ui = await new Site(
      gate(
        theKey,
        forwardTo(new URL(fake.url), () => Promise.resolve('the-token')),
      ),
    ).listen();
    here = `http://127.0.0.1:${ui.port}`;
    evil = await new Site((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(page('<h1>evil</h1>'));
    }).listen();
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    for (const site of [ui, evil, fake]) await site.close();
  });
  afterAll(() => browser?.close());

  /** The console, open in a tab of the same browser. */
  async function openConsole(): Promise<Page> {
    const tab = await context.newPage();
    await tab.goto(`${here}/#key=${theKey}`);
    await tab.getByRole('row', { name: /backup/ }).waitFor();
    return tab;
  }

  test.each([
    ['another site', () => `http://evil.example:${evil.port}/`],
    ['another port of this machine', () => `http://127.0.0.1:${evil.port}/`],
    ['the same port by another name', () => `http://localhost:${evil.port}/`],
  ])('tells a page of %s nothing and does nothing for it, whichever way it asks', async (_who, address) => {
    await openConsole();
    const tab = await context.newPage();
    await tab.goto(address());
    const before = ui.asked.length;
    const learnt = await tab.evaluate<string[]>(`(async () => {
      const learnt = [];
      const here = ${JSON.stringify(here)};
      const told = (what) => learnt.push(what);
      for (const mode of ['cors', 'no-cors'])
        for (const credentials of ['include', 'omit'])
          for (const [method, body] of [['GET'], ['POST', '{}']])
            for (const path of ['/', '/api/v1/tasks', ${JSON.stringify(suspend)}])
              await fetch(here + path, { mode, credentials, method, body }).then(
                (answer) => answer.type !== 'opaque' && told(mode + method + path), () => undefined);
      await fetch(here + '/api/v1/tasks', { headers: { authorization: 'Bearer guess' } }).then(() => told('headers'), () => undefined);
      const loads = (tag, attribute, path) => new Promise((done) => {
        const element = document.createElement(tag);
        element.onload = () => done(told(tag));
        element.onerror = () => done();
        element[attribute] = here + path;
        if (tag === 'link') element.rel = 'stylesheet';
        document.body.append(element);
      });
      await loads('script', 'src', '/api/v1/tasks');
      await loads('img', 'src', '/icon.svg');
      await loads('link', 'href', '/assets/index.css');
      await new Promise((done) => {
        const events = new EventSource(here + '/api/v1/namespaces/shop/runs/migrate-v3/logs?follow=true');
        events.onopen = () => done(told('events'));
        events.onerror = () => done(events.close());
      });
      await new Promise((done) => {
        const socket = new WebSocket(here.replace('http', 'ws') + '/api/v1/tasks');
        socket.onopen = () => done(told('socket'));
        socket.onerror = () => done();
      });
      const frame = document.createElement('iframe');
      frame.src = here + '/';
      frame.name = 'frame';
      const framed = new Promise((done) => { frame.onload = done; });
      document.body.append(frame);
      await framed;
      try { if (frame.contentDocument?.body?.textContent) told('frame ' + frame.contentDocument.body.textContent); } catch {}
      for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: here + ${JSON.stringify(suspend)}, enctype, target: 'frame' });
        form.append(Object.assign(document.createElement('input'), { name: '{"a":"', value: '"}' }));
        document.body.append(form);
        const sent = new Promise((done) => { frame.onload = done; });
        form.submit();
        await sent;
      }
      navigator.sendBeacon(here + ${JSON.stringify(suspend)}, new Blob(['{}'], { type: 'text/plain' }));
      return learnt;
    })()`);
    expect(learnt).toEqual([]);
    expect(ui.asked.length - before).toBeGreaterThan(20);
    expect(fake.actions).toEqual([]);
    // A window that such a page opens has neither an opener to talk to nor anything to read.
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      tab.evaluate(`window.opened = window.open(${JSON.stringify(here)}, 'victim')`),
    ]);
    await opened.waitForLoadState();
    expect(await opened.textContent('body')).toContain('another page asked for this');
    expect(evil.asked.join()).not.toContain(theKey);
  });

  test('is not at the address of a name that leads to this machine, as in DNS rebinding', async () => {
    const tab = await context.newPage();
    await tab.goto(`http://rebound.example:${ui.port}/#key=${theKey}`);
    expect(await tab.textContent('body')).toContain('open the address as it was printed');
    const status = await tab.evaluate<number>(
      `fetch('/api/v1/tasks', { headers: { authorization: 'Bearer ${theKey}' } }).then(({ status }) => status)`,
    );
    expect(status).toBe(403);
  });

  test('leaves nothing in the browser that a page could take: no cookie, no key in the address or in its history', async () => {
    const tab = await openConsole();
    expect([await context.cookies(), tab.url().includes(theKey)]).toEqual([[], false]);
    await tab.goto(`http://127.0.0.1:${evil.port}/`);
    expect(await tab.evaluate('document.referrer + JSON.stringify(sessionStorage) + document.cookie')).toBe('{}');
    expect(await tab.evaluate('window.name')).toBe('');
  });

  test('does not open at an address for which somebody left a service worker or a page in the browser', async () => {
    // Whoever had the port before, an attacker or an application that somebody tried, answers from within the browser.
    await ui.close();
    const before = await new Site(({ url }, response) => {
      response.setHeader('content-type', url === '/worker.js' ? 'text/javascript' : 'text/html');
      response.setHeader('cache-control', 'public, max-age=31536000');
      const answer = `new Response('<title>stolen</title><script>document.title = "stolen " + location.hash</script>', { headers: { 'content-type': 'text/html' } })`;
      if (url === '/worker.js')
        response.end(`addEventListener('fetch', (event) => event.respondWith(${answer}));
          addEventListener('install', () => skipWaiting()); addEventListener('activate', (event) => event.waitUntil(clients.claim()));`);
      else response.end(page('<script>navigator.serviceWorker.register("/worker.js")</script>'));
    }).listen(ui.port);
    const tab = await context.newPage();
    for (const name of ['127.0.0.1', 'localhost']) {
      await tab.goto(`http://${name}:${ui.port}/`);
      await tab.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
    }
    await before.close();
    ui = await new Site(
      gate(
        theKey,
        forwardTo(new URL(fake.url), () => Promise.resolve('the-token')),
      ),
    ).listen(ui.port);
    await tab.goto(placeOf(ui.port, theKey));
    await tab.getByRole('row', { name: /backup/ }).waitFor();
    expect(await tab.title()).not.toContain('stolen');
  });
});
