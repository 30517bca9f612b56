import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { velaLabels } from '../resources/index.ts';
import { componentAnnotations, componentLabels, objectLabels, velaAnnotations, type Labels } from './labels.ts';

interface Recorded {
  readonly metadata: { readonly name: string; readonly labels: Labels; readonly annotations: Labels };
}

const folder = new URL('../../../test/recordings/kubevela-1.10.9/', import.meta.url);
const recorded = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => {
    const text = readFileSync(new URL(`${name}/tasks.yaml`, folder), 'utf8');
    const { items } = parse(text) as { items: readonly Recorded[] };
    return items.map(({ metadata }) => ({ where: `${name}: ${metadata.name}`, labels: metadata.labels }));
  })
  .filter(({ labels }) => labels[velaLabels.component] !== undefined);

describe('what a real KubeVela put on a Task', () => {
  it.each(recorded)('$where', ({ labels }) => {
    const [name = '', namespace, component = '', revision = ''] = [
      labels[velaLabels.application],
      labels[velaLabels.applicationNamespace],
      labels[velaLabels.component],
      labels[objectLabels.revision],
    ];
    expect(labels).toMatchObject(componentLabels({ name, namespace }, component, revision));
  });
});

describe('an Application hands on', () => {
  const application = {
    name: 'web',
    namespace: 'default',
    labels: { team: 'a', secret: 'b' },
    annotations: {
      note: 'c',
      hidden: 'd',
      [velaAnnotations.filterLabels]: 'secret',
      [velaAnnotations.filterAnnotations]: 'hidden, other',
    },
  };

  it('its labels, but those that an annotation names', () => {
    expect(componentLabels(application, 'job', 'web-v2')).toEqual({
      team: 'a',
      'app.oam.dev/name': 'web',
      'app.oam.dev/namespace': 'default',
      'app.oam.dev/component': 'job',
      'app.oam.dev/appRevision': 'web-v2',
    });
  });

  it('its annotations, which win over the own ones of an object', () => {
    expect(componentAnnotations(application, { note: 'own', other: 'x', kept: 'y' })).toEqual({ note: 'c', kept: 'y' });
  });
});
