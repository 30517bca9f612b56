import { h, render } from 'preact';
import { beforeAll, expect, it } from 'vitest';
import { drawTextVisibly } from './visible-text.ts';

/** As much of a document as Preact needs to draw into it. */
class FakeNode {
  readonly nodeType = 1;
  readonly ownerDocument = fakeDocument;
  readonly namespaceURI = 'http://www.w3.org/1999/xhtml';
  readonly childNodes: FakeNode[] = [];
  readonly attributes: Record<string, string> = {};
  readonly localName: string;
  readonly data: string;

  constructor(localName: string, data = '') {
    this.localName = localName;
    this.data = data;
  }

  get firstChild(): FakeNode | undefined {
    return this.childNodes[0];
  }
  insertBefore(child: FakeNode): void {
    this.childNodes.push(child);
  }
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
  removeAttribute(): void {
    // Nothing is taken out here.
  }
  get html(): string {
    if (this.localName === '#text') return this.data;
    const attributes = Object.entries(this.attributes).map(([name, value]) => ` ${name}="${value}"`);
    return `<${this.localName}${attributes.join('')}>${this.childNodes.map(({ html }) => html).join('')}</${this.localName}>`;
  }
}
const fakeDocument = {
  createElementNS: (_namespace: string, name: string) => new FakeNode(name),
  createTextNode: (text: string) => new FakeNode('#text', text),
};

beforeAll(drawTextVisibly);

it('shows marks that turn text around in messages and names, wherever they are drawn', () => {
  const Message = ({ text }: { readonly text: string }) => text;
  const evil = 'exit\u202e0 edoc\u0007\u061c';
  const root = new FakeNode('main');
  Object.assign(globalThis, { document: fakeDocument });
  render(h('td', { title: evil, 'aria-label': evil }, ['a\u2067', h(Message, { text: evil })]), root as never);
  const seen = 'exit<U+202E>0 edoc\u2407<U+061C>';
  expect(root.html).toBe(`<main><td title="${seen}" aria-label="${seen}">a<U+2067>${seen}</td></main>`);
});

it('keeps text that is written from right to left apart from what stands beside it', () => {
  const Message = ({ text }: { readonly text: string }) => text;
  const draw = (...children: Parameters<typeof h>[2][]) => {
    const root = new FakeNode('main');
    Object.assign(globalThis, { document: fakeDocument });
    render(h('p', null, ...children), root as never);
    return root.html;
  };
  const [hebrew, arabic] = ['\u05e9\u05dc\u05d5\u05dd 1', '\u0645\u0631\u062d\u0628\u0627'];
  expect(draw(hebrew, ' 2 of 3 ', h(Message, { text: `exit 1 ${arabic}` }))).toBe(
    `<main><p>\u2068${hebrew}\u2069 2 of 3 \u2068exit 1 ${arabic}\u2069</p></main>`,
  );
  // Nobody ends the isolation from inside.
  expect(draw(`${hebrew}\u2069 x`)).toBe(`<main><p>\u2068${hebrew}<U+2069> x\u2069</p></main>`);
  expect(draw('Gr\u00fc\u00dfe \u4f60\u597d')).toBe('<main><p>Gr\u00fc\u00dfe \u4f60\u597d</p></main>');
});
