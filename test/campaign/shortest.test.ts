import { expect, it } from 'vitest';
import { shortest, type Story } from './shortest.ts';

const whole: Story = { kinds: ['plain', 'flow', 'queued', 'nodes', 'items'], seconds: 120 };

it.each<[what: string, fails: (story: Story) => boolean, least: Story]>([
  ['one kind', ({ kinds }) => kinds.includes('nodes'), { kinds: ['nodes'], seconds: 15 }],
  [
    'two kinds beside each other',
    ({ kinds }) => kinds.includes('flow') && kinds.includes('queued'),
    { kinds: ['plain', 'flow', 'queued'], seconds: 15 },
  ],
  ['a minute', ({ seconds }) => seconds >= 60, { kinds: ['plain'], seconds: 60 }],
  ['the whole of it', (story) => story === whole, whole],
])('a story that fails because of %s becomes as short as that lets it', async (_what, fails, least) =>
  expect(await shortest(whole, (story) => Promise.resolve(fails(story)))).toEqual(least),
);
