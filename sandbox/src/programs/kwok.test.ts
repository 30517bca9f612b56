import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { stagesYaml } from './kwok-stages.ts';
import { simulatedNodes } from './kwok.ts';

describe('simulatedNodes', () => {
  it('makes as many as asked for, each with a name and host name of its own', () => {
    const nodes = simulatedNodes(3);
    expect(nodes.map((node) => node.metadata.name)).toEqual(['sandbox-0', 'sandbox-1', 'sandbox-2']);
    expect(nodes.map((node) => (node.metadata['labels'] as Record<string, string>)['kubernetes.io/hostname'])).toEqual([
      'sandbox-0',
      'sandbox-1',
      'sandbox-2',
    ]);
  });
});

describe('stagesYaml', () => {
  it('is one valid document a stage', () => {
    const documents = parseAllDocuments(stagesYaml());
    expect(documents.flatMap((document) => document.errors)).toEqual([]);
    expect(documents.map((document) => document.getIn(['metadata', 'name']))).toEqual([
      'pod-waits',
      'pod-starts',
      'pod-succeeds',
      'pod-fails',
      'pod-goes',
    ]);
  });
});
