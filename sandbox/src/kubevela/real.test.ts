import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Context } from '../context.ts';
import { layoutOf, portsFrom } from '../settings.ts';
import { kubevelaReal, objectsOf } from './real.ts';

describe('a KubeVela', () => {
  const programs = async (...files: readonly string[]) => {
    const home = await mkdtemp(join(tmpdir(), 'kubevela-home-'));
    onTestFinished(() => rm(home, { recursive: true }));
    await mkdir(join(home, 'bin'));
    for (const file of files) await writeFile(join(home, 'bin', file), '');
    const settings = { kubevelaHome: home, ports: portsFrom(20_000) };
    const context = { layout: layoutOf('/sandbox'), settings, programs: {}, client: {} };
    return kubevelaReal(context as unknown as Context).map(({ name, args }) => ({
      name,
      reachesOthers: args.filter((arg) => arg.includes('cluster-gateway')),
    }));
  };

  it('without a cluster-gateway knows its own cluster alone', async () => {
    expect(await programs('vela-core')).toEqual([{ name: 'vela-core', reachesOthers: [] }]);
  });

  it('with one starts after it, and asks it for other clusters', async () => {
    expect((await programs('vela-core', 'cluster-gateway')).at(-1)).toEqual({
      name: 'vela-core',
      reachesOthers: [
        '--enable-cluster-gateway',
        '--cluster-gateway-url=localhost:20011',
        '--cluster-gateway-ca-file=/sandbox/pki/kubernetes-ca.crt',
      ],
    });
    expect((await programs('vela-core', 'cluster-gateway')).map(({ name }) => name)).toEqual([
      'cluster-gateway',
      'vela-core',
    ]);
  });
});

describe('objectsOf', () => {
  it('puts the system namespace where the chart asks for it, and skips empty documents', () => {
    const text = `# generated
apiVersion: core.oam.dev/v1beta1
kind: ComponentDefinition
metadata:
  name: task
  namespace: {{ include "systemDefinitionNamespace" . }}
---
`;
    expect(objectsOf(text)).toEqual([
      {
        apiVersion: 'core.oam.dev/v1beta1',
        kind: 'ComponentDefinition',
        metadata: { name: 'task', namespace: 'vela-system' },
      },
    ]);
  });

  it('refuses a template that it cannot render', () => {
    expect(() => objectsOf('kind: {{ .Values.kind }}')).toThrow(
      "the chart's templates use {{ .Values.kind }}, which the sandbox does not know how to render",
    );
  });
});
