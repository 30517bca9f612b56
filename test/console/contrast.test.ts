/** Text on every ground reaches the contrast of WCAG 2.2 AA, in light and in dark. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../console/src/styles/tokens.css', import.meta.url), 'utf8');

/** The colours of a mode, by name; what the dark does not name is as in the light. */
function coloursOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', colour = '']) => [name, colour]),
  );
}

const [bright = '', dim = ''] = css.split('@media');
const modes = { light: coloursOf(bright), dark: { ...coloursOf(bright), ...coloursOf(dim) } };

/** Relative luminance as WCAG 2 defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

const texts = ['text', 'faint', 'accent', 'good', 'bad', 'busy', 'waiting', 'ended', 'idle'];
const grounds = ['page', 'panel', 'raised', 'log'];
const pairs = [
  ...texts.flatMap((text) => grounds.map((ground) => [text, ground] as const)),
  ['on-accent', 'accent'],
  ['panel', 'bad'],
  ['text', 'bad-panel'],
  ['bad', 'bad-panel'],
  ['text', 'good-panel'],
  ['page', 'text'],
] as const;

describe.each(Object.entries(modes))('in %s', (_, colours) => {
  test.each(pairs)('%s can be read on %s', (text, ground) => {
    expect(contrast(colours[text] ?? '', colours[ground] ?? '')).toBeGreaterThanOrEqual(4.5);
  });
});
