import { expect, test } from 'vitest';
import { shown } from '../shown.ts';
import { imageProblems } from './images.ts';
import { Place } from './place.ts';

const said = (image: unknown) => imageProblems(new Place(image, ['image'])).map(({ message }) => message);
const wrong = (image: string, write: string) => `is ${shown(image)}, which no node can pull: ${write}`;
const form = 'write registry/name:tag or registry/name@sha256:digest';
const sum = 'a'.repeat(64);

test.each([
  'busybox',
  'busybox:1.36',
  'library/busybox',
  'ghcr.io/actions/runner:v2.300.0_x-1',
  'localhost/a__b/c---d.e:latest',
  'localhost:5000/a',
  'registry.example.com:443/team/app@sha256:' + sum,
  'registry.example.com/team/app:1.2@sha256:' + sum,
  'Team/app:1',
  '[2001:db8::1]:5000/app',
  `x/${'a'.repeat(253)}`,
  '',
  '$(params.image)',
  'ghcr.io/app:$(params.version)',
  '${REGISTRY}/App:${TAG}',
  undefined,
])('%s is an image, or may become one', (image) => expect(said(image)).toEqual([]));

test.each([
  ['https://registry.example.com/x:1', 'leave out https://'],
  ['app:$(item.version)', 'write the image itself; nothing takes the place of $(item.version) here'],
  [
    '$(steps.build.outputs.image)',
    'write the image itself; nothing takes the place of $(steps.build.outputs.image) here',
  ],
  ['docker://busybox', 'leave out docker://'],
  ['ghcr.io/Actions/Runner:1', 'write its name in lower case'],
  ['MyApp:1', 'write its name in lower case'],
  ['ghcr.io/actions/runner::bad', form],
  ['app:', `${form}; a tag has letters, digits, -, _ and ., at most 128`],
  ['app:feature/login', form],
  ['app:1+build', `${form}; a tag has letters, digits, -, _ and ., at most 128`],
  ['grafana/k6@0.43.1', `${form}; what follows @ is a digest, and a tag follows :`],
  [`app@${sum}`, `write @sha256:${sum}`],
  ['app name:1', form],
  ['/app:1', form],
  ['ghcr.io//app', form],
  ['-app', form],
])('%s is not an image that a node can pull', (image, write) => expect(said(image)).toEqual([wrong(image, write)]));

test('a name of 256 characters is too long', () => {
  const image = `x/${'a'.repeat(254)}`;
  expect(said(image)[0]).toMatch(/its name has 256 characters, and may have 255$/);
});

test.each([':', 'a-', '/', '.', '@', 'a:'])('a million times %s does not keep a plan busy for minutes', (piece) =>
  expect(said(`${piece.repeat(1_000_000)}/x`)).toHaveLength(1),
);
