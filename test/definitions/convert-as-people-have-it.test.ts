/** Manifests as people have them: what `convert` prints runs the same, refers to what there is, or says why not. */
import { describe, expect, it } from 'vitest';
import { readAll } from '../../controller/src/plan/kubectl-yaml.ts';
import { runInProcess } from '../support/cli-in-process.ts';
import { parts, useDefinitions, type Application } from './converted.ts';

const rendered = useDefinitions();

async function convert(text: string) {
  const { code, out, err } = await runInProcess(['convert', '-f', 'old.yaml'], () => Promise.resolve(text), { parts });
  const applications = readAll(out).flatMap(({ value }) => (value === undefined ? [] : [value as Application]));
  return { code, applications, remarks: err.trim().split('\n') };
}

const metadata = (name: string) => `apiVersion: batch/v1\nkind: Job\nmetadata: {name: ${name}}\n`;
const job = (name: string, pod: string, more = '') =>
  `${metadata(name)}spec: {${more}template: {spec: {restartPolicy: Never, ${pod}}}}\n`;
const cronJob = (schedule: string, more = '') =>
  `apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: old}\nspec: {schedule: ${JSON.stringify(schedule)}, ${more}` +
  'jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "a:1"}]}}}}}\n';

const without = (field: string): unknown => expect.not.objectContaining({ [field]: expect.anything() as unknown });

interface Row {
  readonly text: string;
  /** A part of the Task that is rendered. */
  readonly spec: object;
  /** A part of what is said. */
  readonly says?: string;
  readonly name?: string;
}

const spreading = (name: string) =>
  `containers: [{name: c, image: "a:1"}], topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {job-name: ${name}}}}], affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: host, labelSelector: {matchExpressions: [{key: batch.kubernetes.io/job-name, operator: In, values: [${name}]}]}}]}}`;

const taken: Readonly<Record<string, Row>> = {
  'a rule of podFailurePolicy and a reference to resources, which name the container': {
    text: job(
      'train',
      'volumes: [{name: d, downwardAPI: {items: [{path: cpu, resourceFieldRef: {containerName: main, resource: limits.cpu}}]}}], containers: [{name: main, image: "a:1", resources: {limits: {cpu: 1}}}]',
      'podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {containerName: main, operator: In, values: [42]}}]}, ',
    ),
    spec: {
      job: {
        podFailurePolicy: {
          rules: [{ action: 'FailJob', onExitCodes: { containerName: 'train', operator: 'In', values: [42] } }],
        },
      },
      template: {
        spec: {
          volumes: [
            {
              name: 'd',
              downwardAPI: {
                items: [{ path: 'cpu', resourceFieldRef: { containerName: 'train', resource: 'limits.cpu' } }],
              },
            },
          ],
          containers: [{ name: 'train', resources: { limits: { cpu: '1' } } }],
        },
      },
    },
  },
  'annotations that name the container': {
    text: `${metadata('train')}spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/default-container: main, container.apparmor.security.beta.kubernetes.io/main: runtime/default}}, spec: {restartPolicy: Never, containers: [{name: main, image: "a:1"}]}}}`,
    spec: {
      template: {
        metadata: {
          annotations: {
            'kubectl.kubernetes.io/default-container': 'train',
            'container.apparmor.security.beta.kubernetes.io/train': 'runtime/default',
          },
        },
      },
    },
  },
  'a second container that has the name of the Job': {
    text: job('proxy', 'containers: [{name: app, image: "a:1"}, {name: proxy, image: "envoy:1"}]'),
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'proxy', image: 'a:1' },
            { name: 'proxy-2', image: 'envoy:1' },
          ],
        },
      },
    },
    says: 'container proxy becomes proxy-2',
  },
  'an init container that has the name of the Job': {
    text: job('setup', 'initContainers: [{name: setup, image: "b:1"}], containers: [{name: c, image: "a:1"}]'),
    spec: { template: { spec: { initContainers: [{ name: 'setup-2' }], containers: [{ name: 'setup' }] } } },
    says: 'container setup becomes setup-2',
  },
  'a name with dots, which a container cannot have': {
    text: job('backup.nightly', 'containers: [{name: c, image: "a:1"}]'),
    spec: { template: { spec: { containers: [{ name: 'backup-nightly' }] } } },
    says: 'the name backup.nightly becomes backup-nightly',
    name: 'backup-nightly',
  },
  'a name that leaves no room for the revision in a label': {
    text: job('a'.repeat(63), 'containers: [{name: c, image: "a:1"}]'),
    spec: { template: { spec: { containers: [{ image: 'a:1' }] } } },
    says: `the name ${'a'.repeat(63)} becomes ${'a'.repeat(51)}-`,
  },
  'selectors of pods by the name of the Job': {
    text: job('pi', spreading('pi')),
    spec: {
      template: {
        spec: {
          topologySpreadConstraints: [{ labelSelector: { matchLabels: { 'app.oam.dev/component': 'pi' } } }],
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                {
                  labelSelector: {
                    matchExpressions: [{ key: 'app.oam.dev/component', operator: 'In', values: ['pi'] }],
                  },
                },
              ],
            },
          },
        },
      },
    },
    says: 'a selector of pods by the label job-name now selects by app.oam.dev/component',
  },
  'args beside a command without words': {
    text: job('old', 'containers: [{name: c, image: "a:1", command: [], args: [--all]}]'),
    spec: { template: { spec: { containers: [{ name: 'old', image: 'a:1', args: ['--all'] }] } } },
  },
  'fields without a value, as programs write them': {
    text: 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: old, labels: null, annotations: null, creationTimestamp: null}\nspec: {template: {metadata: {creationTimestamp: null, labels: null}, spec: {restartPolicy: Never, volumes: null, containers: [{name: c, image: "a:1", env: null}]}}}\nstatus: {}\n',
    spec: { template: { spec: { containers: [{ name: 'old', image: 'a:1' }] } } },
  },
  'what stands in the wrong place': {
    text: `${metadata('old')}spec: {restartPolicy: Never, template: {restartPolicy: Never, metadata: {finalizers: [x/y]}, spec: {restartPolicy: Never, containers: [{name: c, image: "a:1"}]}}}`,
    spec: { template: { spec: { restartPolicy: 'Never' } } },
    says: "restartPolicy is left out: it is not a field of a Job's spec\nchanges: Job old: container c is named after its component\nchanges: Job old: template.restartPolicy is left out: it is not a field of a pod template\nchanges: Job old: template.metadata.finalizers is left out: there is no equivalent",
  },
  'a misspelt field of a Job': {
    text: `${metadata('old')}spec: {backOffLimit: 3, template: {spec: {restartPolicy: Never, containers: [{name: old, image: "a:1"}]}}}`,
    spec: { template: { spec: { restartPolicy: 'Never' } } },
    says: "backOffLimit is left out: it is not a field of a Job's spec; write backoffLimit, and convert it again",
  },
  'a Job beside what it needs, as `helm template` prints them': {
    text: `# Source: x/templates/sa.yaml\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n---\n${job('old', 'serviceAccountName: sa, containers: [{name: c, image: "a:1"}]')}`,
    spec: { template: { spec: { serviceAccountName: 'sa' } } },
    says: 'remains: old.yaml, document 1: ServiceAccount sa is not converted: apply it as it is',
  },
  'a mode as YAML 1.2 has it': {
    text: job(
      'old',
      'volumes: [{name: k, secret: {secretName: k, defaultMode: 0o400}}], containers: [{name: c, image: "a:1"}]',
    ),
    spec: { template: { spec: { volumes: [{ name: 'k', secret: { secretName: 'k', defaultMode: 256 } }] } } },
  },
  'lines that end as on Windows, after a mark of byte order': {
    text: `\uFEFF${job('old', 'containers: [{name: c, image: "a:1"}]').replaceAll('\n', '\r\n')}`,
    spec: { template: { spec: { containers: [{ image: 'a:1' }] } } },
  },
  'workers of a queue, which have no number of completions': {
    text: job('old', 'containers: [{name: c, image: "a:1"}]', 'parallelism: 5, '),
    spec: { job: without('completions') },
  },
  'a Task of Tekton with a step that has its name': {
    text: 'apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: build}\nspec: {steps: [{name: build, image: "a:1"}, {name: push, image: "b:1"}], sidecars: [{name: build-2, image: "c:1"}]}\n',
    spec: {
      template: {
        spec: {
          initContainers: [{ name: 'build-2' }, { name: 'build-3', image: 'a:1' }],
          containers: [{ name: 'build', image: 'b:1' }],
        },
      },
    },
    says: 'container build becomes build-3',
  },
  'a Workflow with a sidecar that has its name': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: e, templates: [{name: e, container: {image: "a:1"}, sidecars: [{name: wf, image: "b:1"}]}]}\n',
    spec: { template: { spec: { initContainers: [{ name: 'wf-2' }], containers: [{ name: 'wf', image: 'a:1' }] } } },
    says: 'container wf becomes wf-2',
  },
  'arguments of a WorkflowTemplate that have no value, as its parameters': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: t.one}\nspec: {entrypoint: e, arguments: {parameters: [{name: size}]}, templates: [{name: e, inputs: {parameters: [{name: zone}]}, container: {image: "a:1", args: ["{{workflow.parameters.size}}", "{{inputs.parameters.zone}}"]}}]}\n',
    spec: {
      parameters: [{ name: 'zone' }, { name: 'size' }],
      template: { spec: { containers: [{ args: ['$(params.size)', '$(params.zone)'] }] } },
    },
    name: 't-one',
  },
  'a reference to a template whose name gets other letters': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {workflowTemplateRef: {name: t.one}}\n',
    spec: { templateRef: { name: 't-one' } },
  },
  'a Job of Volcano with one task': {
    text: 'apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {name: old}\nspec: {minAvailable: 3, ttlSecondsAfterFinished: 60, tasks: [{replicas: 3, name: t, template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: "a:1"}]}}}]}\n',
    spec: {
      executionPolicy: { ttlSecondsAfterFinished: 60 },
      job: { parallelism: 3, completions: 3, backoffLimit: 0 },
    },
    says: 'spec.minAvailable is left out',
  },
  "volumes and variables of a TaskRun's podTemplate": {
    text: 'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: old}\nspec: {podTemplate: {nodeSelector: {a: b}, env: [{name: A, value: all}, {name: B, value: all}], volumes: [{name: cache, emptyDir: {}}]}, taskSpec: {volumes: [{name: own, emptyDir: {}}], steps: [{name: one, image: "a:1", stdoutConfig: {path: x}}, {name: two, image: "a:1", env: [{name: B, value: own}]}]}}\n',
    spec: {
      template: {
        spec: {
          nodeSelector: { a: 'b' },
          volumes: [{ name: 'cache' }, { name: 'own' }],
          initContainers: [
            {
              env: [
                { name: 'A', value: 'all' },
                { name: 'B', value: 'all' },
              ],
            },
          ],
          containers: [
            {
              env: [
                { name: 'A', value: 'all' },
                { name: 'B', value: 'own' },
              ],
            },
          ],
        },
      },
    },
    says: 'step one: stdoutConfig is left out',
  },
  'a TaskRun whose time-out of 0 means none': {
    text: 'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: old}\nspec: {timeout: "0", taskSpec: {steps: [{name: s, image: "a:1"}]}}\n',
    spec: without('timeoutSeconds') as object,
  },
  'limits of Argo that are expressions, or too large': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: e, activeDeadlineSeconds: "{{workflow.parameters.d}}", templates: [{name: e, container: {image: "a:1"}, retryStrategy: {limit: 500, backoff: {duration: 2d}}}]}\n',
    spec: { retry: { limit: 100, delaySeconds: 86_400 } },
    says: 'activeDeadlineSeconds {{workflow.parameters.d}} is left out: write a number of seconds\nchanges: Workflow wf: template e: retryStrategy with the limit 500: there are at most 100 more attempts\nchanges: Workflow wf: template e: retryStrategy.backoff.duration becomes a day',
  },
  'steps on top of a stepTemplate': {
    text: 'apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: old}\nspec: {stepTemplate: {env: [{name: A, value: all}, {name: B, value: all}], securityContext: {runAsUser: 7, runAsGroup: 8}}, steps: [{name: s, image: "a:1", env: [{name: B, value: own}], securityContext: {runAsUser: 9}}], sidecars: [{name: beside, image: "b:1"}]}\n',
    spec: {
      template: {
        spec: {
          containers: [
            {
              env: [
                { name: 'A', value: 'all' },
                { name: 'B', value: 'own' },
              ],
              securityContext: { runAsUser: 9, runAsGroup: 8 },
            },
          ],
          initContainers: [without('env')],
        },
      },
    },
  },
  'a sidecar of Argo with the mounts of the main container': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: e, volumes: [{name: v, emptyDir: {}}], templates: [{name: e, container: {image: "a:1", volumeMounts: [{name: v, mountPath: /v}]}, sidecars: [{name: s, image: "b:1", mirrorVolumeMounts: true}]}]}\n',
    spec: {
      template: {
        spec: {
          initContainers: [{ name: 's', restartPolicy: 'Always', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
        },
      },
    },
  },
  'fields of a JobFlow that have no equivalent': {
    text: 'apiVersion: api.practice.com/v1alpha1\nkind: JobFlow\nmetadata: {name: old}\nspec: {globalParams: {tolerations: []}, flows: [{name: a, retry: 3, jobTemplate: {template: {spec: {containers: [{name: c, image: "a:1"}]}}}}]}\n',
    spec: { steps: [{ name: 'a' }] },
    says: 'globalParams.tolerations is left out',
  },
  'the value that a WorkflowTemplate gives its entrypoint, and names what its users say': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: wf}\nspec: {entrypoint: main, onExit: tell, arguments: {parameters: [{name: text, value: hello}]}, templates: [{name: main, inputs: {parameters: [{name: text}]}, container: {image: "a:1", args: ["{{inputs.parameters.text}}"]}}, {name: tell, container: {image: "a:1"}}]}\n',
    spec: { parameters: [{ name: 'text', default: 'hello' }] },
    says: 'onExit is left out: write it for the tasks that use the template',
  },
  'a workflow with a reference, and names what the template has to say': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: main, serviceAccountName: robot, podGC: {strategy: OnPodCompletion}, arguments: {artifacts: [{name: in}]}, workflowTemplateRef: {name: shared, clusterScope: true}}\n',
    spec: { templateRef: { name: 'shared' }, executionPolicy: { keepLast: 0, keepLastFailed: 0 } },
    says: 'ClusterWorkflowTemplate shared must be converted, too, and be a task-template\nchanges: Workflow wf: spec.entrypoint is left out: write it into the task-template shared\nchanges: Workflow wf: spec.serviceAccountName is left out: write it into the task-template shared\nchanges: Workflow wf: artifact in is left out',
  },
  'a template of steps that runs few of them at a time, and names that': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: main, templates: [{name: main, parallelism: 1, failFast: true, steps: [[{name: a, template: t}]]}, {name: t, container: {image: "a:1"}}]}\n',
    spec: { steps: [{ name: 'a' }] },
    says: 'template main: parallelism is left out: maxParallel limits the steps of the whole flow\nchanges: Workflow wf: template main: failFast is left out',
  },
  'an output that a template hands on from one of its steps': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: main, templates: [{name: main, steps: [[{name: inner, template: inner}], [{name: read, template: read, arguments: {parameters: [{name: x, value: "{{steps.inner.outputs.parameters.out}}"}]}}]]}, {name: inner, steps: [[{name: make, template: make}, {name: more, template: make}]], outputs: {parameters: [{name: out, valueFrom: {parameter: "{{steps.make.outputs.parameters.made}}"}}]}}, {name: make, container: {image: "a:1"}}, {name: read, inputs: {parameters: [{name: x}]}, container: {image: "a:1", args: ["{{inputs.parameters.x}}"]}}]}\n',
    spec: {
      steps: [
        { name: 'inner-make', outputs: [{ name: 'made' }] },
        { name: 'inner-more' },
        { name: 'read', template: { spec: { containers: [{ args: ['$(steps.inner-make.outputs.made)'] }] } } },
      ],
    },
  },
  'a Task whose descriptions are longer than those of a template': {
    text: `apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec: {description: ${'word '.repeat(130)}, params: [{name: a, description: ${'ä'.repeat(513)}}], steps: [{name: s, image: "a:1"}]}\n`,
    spec: { parameters: [{ name: 'a', description: `${'ä'.repeat(511)}…` }] },
    says: 'the description of param a has 513 characters, and is cut to 512',
  },
  'workspaces that nobody needs, and their volumes': {
    text: 'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: old}\nspec: {workspaces: [{name: src, configMap: {name: c}}], taskSpec: {workspaces: [{name: src, optional: true}, {name: keys, optional: true}], steps: [{name: s, image: "a:1", args: ["$(workspaces.src.bound)", "$(workspaces.keys.bound)", "$(workspaces.keys.path)"]}], sidecars: [{name: d, image: "a:1", volumeMounts: [{name: "$(workspaces.src.volume)", mountPath: "$(workspaces.src.path)"}]}]}}\n',
    spec: {
      template: {
        spec: {
          volumes: [{ name: 'ws-src', configMap: { name: 'c' } }],
          initContainers: [{ name: 'd', volumeMounts: [{ name: 'ws-src', mountPath: '/workspace/src' }] }],
          containers: [
            { args: ['true', 'false', ''], volumeMounts: [{ name: 'ws-src', mountPath: '/workspace/src' }] },
          ],
        },
      },
    },
    says: 'workspace keys is optional, and left out',
  },
  "a script for Red Hat's own Python": {
    text: 'apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec: {steps: [{name: s, image: "a:1", script: "#!/usr/libexec/platform-python\\nprint(1)\\n"}]}\n',
    spec: {
      template: {
        spec: {
          containers: [
            { command: ['/usr/libexec/platform-python', '-c', expect.stringContaining('print(1)') as unknown] },
          ],
        },
      },
    },
  },
  "Volcano's own CronJob": {
    text: 'apiVersion: batch.volcano.sh/v1alpha1\nkind: CronJob\nmetadata: {name: old}\nspec: {schedule: "*/5 * * * *", concurrencyPolicy: Forbid, successfulJobsHistoryLimit: 5, jobTemplate: {metadata: {labels: {a: b}}, spec: {ttlSecondsAfterFinished: 60, minAvailable: 1, tasks: [{name: t, replicas: 2, template: {spec: {containers: [{name: c, image: "a:1"}]}}}]}}}\n',
    spec: {
      schedule: { crons: ['*/5 * * * *'] },
      executionPolicy: { concurrencyPolicy: 'Forbid', keepLast: 5, ttlSecondsAfterFinished: 60 },
      job: { parallelism: 2, completions: 2 },
    },
    says: 'jobTemplate.metadata is left out',
  },
  'a placeholder of Helm in quotes, and names it': {
    text: job('old', "containers: [{name: c, image: '{{ .Values.image }}', args: ['{{.Names}}']}]"),
    spec: { template: { spec: { containers: [{ image: '{{ .Values.image }}', args: ['{{.Names}}'] }] } } },
    says: '{{ .Values.image }} is not filled in: render the template first',
  },
  'a file that is not UTF-8, and says so': {
    text: job('old', 'containers: [{name: c, image: "a:1", args: ["Gr\uFFFD\uFFFDe"]}]'),
    spec: { template: { spec: { containers: [{ args: ['Gr\uFFFD\uFFFDe'] }] } } },
    says: 'the character \uFFFD stands where a text is not UTF-8',
  },
  'a backoffLimit that stands beside the jobTemplate, where no cluster reads it': {
    text: cronJob('@daily', 'backoffLimit: 3, suspend: true, '),
    spec: { suspend: true, job: without('backoffLimit') },
    says: 'spec.backoffLimit is left out: it is not a field of a CronJob; that of its Jobs is in jobTemplate.spec',
  },
  'Jobs that a CronJob creates suspended': {
    text: cronJob('@daily').replace('{spec: {template', '{spec: {suspend: true, template'),
    spec: { schedule: { crons: ['@daily'] } },
    says: 'jobTemplate.spec.suspend is left out',
  },
  'a time zone in the schedule': {
    text: cronJob('CRON_TZ=Europe/Berlin 0 3 * * *'),
    spec: { schedule: { crons: ['0 3 * * *'], timeZone: 'Europe/Berlin' } },
  },
  'labels and annotations that a CronJob gives its Jobs': {
    text: cronJob('@daily').replace('jobTemplate: {', 'jobTemplate: {metadata: {labels: {team: a}}, extra: 1, '),
    spec: { schedule: { crons: ['@daily'] } },
    says: "jobTemplate.metadata.labels team: left out; write them into labels, which each pod has, or under the Application's metadata\nchanges: CronJob old: jobTemplate.extra is left out",
  },
  'a workflow whose arguments are the inputs of its entrypoint, and whose list of items is one of them': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: main, arguments: {parameters: [{name: systems, value: \'[{"image": "debian", "tag": ["a", "b"]}, {"image": "alpine", "tag": 3}]\'}]}, templates: [{name: main, inputs: {parameters: [{name: systems}]}, steps: [[{name: cat, template: cat, arguments: {parameters: [{name: image, value: "{{item.image}}"}, {name: tag, value: "{{item.tag}}"}]}, withParam: "{{inputs.parameters.systems}}"}]]}, {name: cat, inputs: {parameters: [{name: image}, {name: tag}]}, container: {image: "{{inputs.parameters.image}}", args: ["{{inputs.parameters.tag}}"]}}]}\n',
    spec: {
      steps: [
        { name: 'cat-0', template: { spec: { containers: [{ image: 'debian', args: ['["a","b"]'] }] } } },
        { name: 'cat-1', template: { spec: { containers: [{ image: 'alpine', args: ['3'] }] } } },
      ],
    },
  },
  'templateDefaults with a container, which steps do not get': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: main, templateDefaults: {retryStrategy: {limit: 1}, container: {env: [{name: A, value: all}, {name: B, value: all}], securityContext: {runAsUser: 7}}}, templates: [{name: main, steps: [[{name: one, template: one}]]}, {name: one, container: {image: "a:1", env: [{name: B, value: own}]}}]}\n',
    spec: {
      steps: [
        {
          name: 'one',
          retry: { limit: 1 },
          template: {
            spec: {
              containers: [
                {
                  image: 'a:1',
                  env: [
                    { name: 'A', value: 'all' },
                    { name: 'B', value: 'own' },
                  ],
                  securityContext: { runAsUser: 7 },
                },
              ],
            },
          },
        },
      ],
    },
  },
  'an exit handler whose steps look at how the workflow ended': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: main, onExit: tell, arguments: {parameters: [{name: who, value: ops}]}, templates: [{name: main, container: {image: "a:1"}}, {name: tell, inputs: {parameters: [{name: who}]}, steps: [[{name: celebrate, template: say, when: "{{workflow.status}} == Succeeded"}, {name: cry, template: say, when: "{{workflow.status}} != \'Succeeded\'"}, {name: page, template: say, when: "{{workflow.duration}} > 60"}, {name: tidy, template: say, arguments: {parameters: [{name: to, value: "{{inputs.parameters.who}}"}]}}]]}, {name: say, inputs: {parameters: [{name: to, default: all}]}, container: {image: mail, args: ["{{inputs.parameters.to}}"]}}]}\n',
    spec: {
      steps: [
        { name: 'main' },
        { name: 'celebrate', dependsOn: ['main'], template: { spec: { containers: [{ args: ['all'] }] } } },
        { name: 'cry', when: 'OnFailure' },
        { name: 'page', when: 'Always' },
        { name: 'tidy', when: 'Always', template: { spec: { containers: [{ args: ['ops'] }] } } },
      ],
    },
    says: 'step page: when "{{workflow.duration}} > 60" is left out: the step runs in any case',
  },
  'an output of Argo that the whole workflow has': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: e, templates: [{name: e, container: {image: "a:1"}, outputs: {parameters: [{name: id, globalName: my-id, valueFrom: {path: /tmp/id}}]}}]}\n',
    spec: { template: { spec: { containers: [{ image: 'a:1' }] } } },
    says: 'output id: globalName my-id is left out: a later step reads $(steps.STEP.outputs.id)',
  },
  'variables of Tekton as earlier versions had them, and one that is misspelt': {
    text: 'apiVersion: tekton.dev/v1beta1\nkind: TaskRun\nmetadata: {name: old}\nspec: {params: [{name: a, value: x}], taskSpec: {params: [{name: a}], workspaces: [{name: src}], steps: [{name: s, image: "a:1", args: ["$(inputs.params.a)"], workingDir: "$(workspace.src.path)"}]}}\n',
    spec: { template: { spec: { containers: [{ args: ['x'] }] } } },
    says: '$(workspace.src.path) is not replaced',
  },
  'a script that is too long for an argument, and was a file': {
    text: `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: e, templates: [{name: e, script: {image: "a:1", command: [python], source: "${'x'.repeat(140_000)}"}}]}\n`,
    spec: { template: { spec: { containers: [{ image: 'a:1' }] } } },
    says: 'an argument in cmd has 140000 bytes, and most nodes pass 131071 at most to a program ("argument list too long"): put it into a ConfigMap',
  },
  'params of Tekton that are lists and objects': {
    text: 'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: old}\nspec: {params: [{name: echo, value: [foo, bar]}], taskSpec: {params: [{name: echo, type: array}, {name: more, type: array, default: [x]}, {name: git, type: object, default: {url: u}}], steps: [{name: s, image: "a:1", args: [echo, "$(params.echo[*])", "$(params.more[*])", "$(params.echo[1])", "$(params.git.url)"]}]}}\n',
    spec: { template: { spec: { containers: [{ args: ['echo', 'foo', 'bar', 'x', 'bar', 'u'] }] } } },
  },
  'schedules of Argo of which one names the time zone of all': {
    text: 'apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: old}\nspec: {schedules: ["0 9 * * *", "CRON_TZ=America/New_York 0 17 * * *"], timezone: America/New_York, workflowSpec: {templates: [{name: e, container: {image: "a:1"}}]}}\n',
    spec: { schedule: { crons: ['0 9 * * *', '0 17 * * *'], timeZone: 'America/New_York' } },
  },
  'a Job of Volcano whose containers are started again and again': {
    text: 'apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {name: old}\nspec: {tasks: [{replicas: 1, template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: "a:1"}]}}}]}\n',
    spec: { job: { backoffLimit: 0 } },
    says: 'a Job fails at its first failure here: write backoffLimit',
  },
};

const refused: Readonly<Record<string, readonly [text: string, says: string]>> = {
  'a variable whose value is a number': [
    job('old', 'containers: [{name: c, image: "a:1", env: [{name: A, value: 8080}]}]'),
    'spec.template.spec.containers[0].env[0].value must be a text in quotes, and is 8080',
  ],
  'misspelt fields of a pod, as clusters that do not check drop them': [
    job('old', 'hostNetwrk: true, containers: [{name: c, image: "a:1", comand: [run]}]'),
    'document 1: Job old: spec.template.spec.hostNetwrk is a field that Kubernetes does not have there: write hostNetwork; spec.template.spec.containers[0].comand is a field that Kubernetes does not have there: write command',
  ],
  "a misspelt field of a CronJob's pods": [
    cronJob('0 3 * * *').replace('image: "a:1"', 'image: "a:1", securityContext: {runAsRot: true}'),
    'spec.jobTemplate.spec.template.spec.containers[0].securityContext.runAsRot is a field that Kubernetes does not have there: take it out',
  ],
  'a quantity with the unit of a disk shop': [
    job('old', 'containers: [{name: c, image: "a:1", resources: {limits: {memory: 2Gb, cpu: 0.5}}}]'),
    'spec.template.spec.containers[0].resources.limits.memory is "2Gb": write "2G" (a number with a unit',
  ],
  'an env variable whose source is misspelt': [
    job('old', 'containers: [{name: c, image: "a:1", env: [{name: A, valuefrom: {secretKeyRef: {name: s, key: k}}}]}]'),
    'spec.template.spec.containers[0].env[0].valuefrom is a field that Kubernetes does not have there: write valueFrom',
  ],
  'a misspelt field of a container of Argo': [
    'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: old}\nspec: {entrypoint: a, templates: [{name: a, container: {image: "a:1", workingdir: /w}}]}\n',
    'podSpec.containers[0].workingdir is a field that Kubernetes does not have there: write workingDir',
  ],
  "a misspelt field of a Volcano Job's pods": [
    'apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {name: old}\nspec: {tasks: [{name: t, replicas: 1, template: {spec: {restartPolicy: Never, nodeSelectr: {a: b}, containers: [{name: c, image: "a:1"}]}}}]}\n',
    'spec.tasks[0].template.spec.nodeSelectr is a field that Kubernetes does not have there: write nodeSelector',
  ],
  'an annotation that turns a sidecar off, without quotes': [
    `${metadata('old')}spec: {template: {metadata: {annotations: {sidecar.istio.io/inject: false}}, spec: {restartPolicy: Never, containers: [{name: c, image: "a:1"}]}}}`,
    'spec.template.metadata.annotations[sidecar.istio.io/inject] must be a text in quotes, and is false',
  ],
  'a label that YAML reads as a number': [
    `${metadata('old')}spec: {template: {metadata: {labels: {version: 1.10}}, spec: {restartPolicy: Never, containers: [{name: c, image: "a:1"}]}}}`,
    'spec.template.metadata.labels[version] must be a text in quotes, and is 1.1',
  ],
  'a number in quotes, as templates of charts make it': [
    job('old', 'containers: [{name: c, image: "a:1"}]', 'ttlSecondsAfterFinished: "100", '),
    'spec.ttlSecondsAfterFinished must be a whole number without quotes, and is "100"',
  ],
  'a day that never comes, which people write for a Job that they start': [
    cronJob('0 0 31 2 *'),
    'the schedule "0 0 31 2 *" names a day that never comes; fix its day-of-month or month; where only people start it',
  ],
  'an interval': [cronJob('@every 1h30m'), 'the schedule "@every 1h30m" counts from nowhere'],
  'a month that does not exist': [cronJob('0 0 * 13 *'), 'Invalid value for month: 13'],
  'a Job of Volcano whose tasks start together': [
    'apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {name: old}\nspec: {tasks: [{name: master}, {name: worker}]}\n',
    'it has 2 tasks that start together',
  ],
  'labels that Kubernetes does not take': [
    `${metadata('old')}spec: {template: {metadata: {labels: {a: ${'x'.repeat(64)}, b: "not one word"}}, spec: {restartPolicy: Never, containers: [{name: c, image: "a:1"}]}}}`,
    'labels.a has 64 characters: write 0 to 63 of them; labels.b is "not one word": write "not-one-word" (letters,',
  ],
  'numbers that no Task has': [
    cronJob('0 3 * * *', 'successfulJobsHistoryLimit: 824638405216, failedJobsHistoryLimit: -1, ').replace(
      '{spec: {template',
      '{spec: {activeDeadlineSeconds: 0, template',
    ),
    'activeDeadlineSeconds is 0: write 1 or more; failedJobsHistoryLimit is -1: write 0 to 1000; successfulJobsHistoryLimit is 824638405216: write 0 to 1000',
  ],
  'a Job of an API that no cluster has any more': [
    job('old', 'containers: [{name: c, image: "a:1"}]').replace('batch/v1', 'extensions/v1beta1'),
    'document 1 is of kind Job (extensions/v1beta1): no cluster has that API any more: write apiVersion: batch/v1',
  ],
  'a CronJob without a schedule, which no plan takes': [
    cronJob('').replace('schedule: "", ', ''),
    'CronJob old: it has no schedule: write spec.schedule',
  ],
  'a CronJob whose pod is not within its jobTemplate': [
    cronJob('@daily').replace('jobTemplate: {spec: {', '').replace('}}}}}', '}}}'),
    'its template stands where no CronJob has one: move it to spec.jobTemplate.spec.template',
  ],
  'a policy in small letters': [
    cronJob('@daily', 'concurrencyPolicy: forbid, '),
    'concurrencyPolicy is "forbid": write one of Allow, Forbid, Replace, Queue',
  ],
  'a suspend in quotes': [
    cronJob('@daily', 'suspend: "false", '),
    'suspend must be true or false, not "false": write false without quotes',
  ],
  'an image that ends with a line break, as a folded text does': [
    job('old', 'containers: [{name: c, image: "a:1\\n"}]'),
    'image is "a:1\\n", which no node can pull',
  ],
  'the image of a sidecar that no node can pull': [
    job('old', 'containers: [{name: c, image: "a:1"}, {name: d, image: "grafana/k6@0.43.1"}]'),
    'podSpec.containers[1].image is "grafana/k6@0.43.1", which no node can pull',
  ],
  'a name that is a number': [
    job('12', 'containers: [{name: c, image: "a:1"}]'),
    'metadata.name must be a text in quotes, and is 12',
  ],
  'a chart whose template is not rendered': [
    '{{- if .Values.backup.enabled }}\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{ .Release.Name }}\n{{- end }}\n',
    'document 1: it is a template: render the template first (helm template, envsubst), and convert what it prints',
  ],
  'a name with a placeholder in quotes': [
    job('"{{ .Release.Name }}-backup"', 'containers: [{name: c, image: "a:1"}]'),
    'metadata.name is {{ .Release.Name }}-backup, which is not filled in',
  ],
  'a placeholder without quotes': [
    metadata('old') + 'spec:\n  parallelism: {{ workers }}\n',
    '{{ begins a map: put the text in quotes',
  ],
  'a file that PowerShell wrote': [
    [...job('old', 'containers: [{name: c, image: "a:1"}]')].map((character) => `${character}\0`).join(''),
    'is not text in UTF-8: save it as such',
  ],
  'a list without the object around it': [
    '- apiVersion: batch/v1\n  kind: Job\n  metadata: {name: old}\n',
    'document 1 is a list: put its elements into items of an object of kind List',
  ],
  'a workflow whose only template reads artifacts, with the reason': [
    'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec: {entrypoint: main, templates: [{name: main, data: {source: {artifactPaths: {name: in}}}}]}\n',
    'no step of it can be converted: step main is left out: there is no equivalent of data',
  ],
  'a param with a name that no parameter has': [
    'apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec: {params: [{name: a.b}], steps: [{name: s, image: "a:1"}]}\n',
    'parameters[0].name',
  ],
  'two time zones': [
    cronJob('TZ=Asia/Tokyo 0 3 * * *', 'timeZone: Europe/Berlin, '),
    'its schedules name different time zones',
  ],
};

describe('convert', () => {
  it.each(Object.entries(taken))('takes %s', async (_, { text, spec, says = '', name = '' }) => {
    const { code, applications, remarks } = await convert(text);
    expect([code, applications.length]).toEqual([0, 1]);
    const [application] = applications as [Application];
    expect(application.metadata.name).toContain(name);
    expect(remarks.join('\n')).toContain(says);
    expect(await rendered(application)).toMatchObject({ spec });
  });

  it('takes objects in JSON one after the other, as jq prints those of a List', async () => {
    const one = (name: string) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'a:1' }] } } },
    });
    for (const indent of [0, 4]) {
      const texts = ['one', 'two', 'three'].map((name) => JSON.stringify(one(name), undefined, indent));
      const { applications } = await convert(`${texts.join('\n')}\n`);
      expect(applications.map(({ metadata: { name } }) => name)).toEqual(['one', 'two', 'three']);
    }
  });

  // `kubectl get --raw` and other programs print it, and its items do not say their kind again.
  it('takes a CronJobList as the API answers with it', async () => {
    const item =
      '{metadata: {name: old}, spec: {schedule: "0 3 * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "a:1"}]}}}}}}';
    const { applications } = await convert(`apiVersion: batch/v1\nkind: CronJobList\nitems: [${item}]\n`);
    expect(applications.map(({ spec }) => spec.components[0]?.type)).toEqual(['cron-task']);
  });

  it('names what it leaves by its generateName', async () => {
    const { remarks } = await convert(
      `${job('old', 'containers: [{name: c, image: "a:1"}]')}---\nkind: PipelineRun\nmetadata: {generateName: build-}\n---\nkind: Thing\n`,
    );
    expect(remarks).toEqual(
      expect.arrayContaining([
        'remains: old.yaml, document 2: PipelineRun build- is not converted: apply it as it is',
        'remains: old.yaml, document 3: Thing is not converted: apply it as it is',
      ]),
    );
  });

  it.each(Object.entries(refused))('refuses %s', async (_, [text, says]) => {
    const { code, applications, remarks } = await convert(text);
    expect([code, applications]).toEqual([2, []]);
    expect(remarks.join('\n')).toContain(says);
  });
});
