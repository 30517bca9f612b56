import type { Description } from '../../../cue/ts/index.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { type JsonObject, type KubeObject, type Labels } from './objects.ts';

const kinds: Record<string, string> = {
  component: 'ComponentDefinition',
  trait: 'TraitDefinition',
  policy: 'PolicyDefinition',
  'workflow-step': 'WorkflowStepDefinition',
};
/** Labels and annotations of ours get this before them, unless they are KubeVela's. */
const userPrefix = 'custom.definition.oam.dev/';

/**
 * The manifest of a `vela def` file, as `vela def apply` makes it.
 * @throws Error for a type of definition that KubeVela does not have
 */
export function definitionManifest(description: Description, namespace: string): KubeObject {
  const kind = kinds[description.type];
  if (kind === undefined)
    throw new Error(
      `invalid type ${description.type} of the definition ${description.name}: use one of ${Object.keys(kinds).join(', ')}`,
    );
  const prefixed = (entries: Labels) =>
    Object.fromEntries(
      Object.entries(entries).map(([key, value]) => [key.includes('oam.dev') ? key : `${userPrefix}${key}`, value]),
    );
  const alias = description.alias === '' ? {} : { 'definition.oam.dev/alias': description.alias };
  const spec: JsonObject = { ...description.attributes, schematic: { cue: { template: description.template } } };
  return {
    apiVersion: coreApiVersion,
    kind,
    metadata: {
      name: description.name,
      namespace,
      labels: prefixed(description.labels),
      annotations: {
        ...prefixed(description.annotations),
        ...alias,
        'definition.oam.dev/description': description.description,
      },
    },
    spec,
  };
}
