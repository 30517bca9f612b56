import { describe, expect, it } from 'vitest';
import { objectsOf } from './real.ts';

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
