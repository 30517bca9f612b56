import { useMemo } from 'preact/hooks';
import type { RunJob } from '../../../controller/src/api/schemas.ts';
import { lookOf } from '../phase.ts';
import { box, flowLayout, type FlowStep, type PlacedStep } from './flow-layout.ts';

/** More steps than this are a table only: nobody reads such a picture. */
const mostSteps = 300;
const mostLetters = 19;

/** The steps of a flow and what waits for what. The table below says the same. */
export function FlowChart({ jobs }: { readonly jobs: readonly RunJob[] }) {
  const steps = useMemo(() => stepsOf(jobs), [jobs]);
  const layout = useMemo(() => flowLayout(steps), [steps]);
  if (steps.length > mostSteps) return <p class="remark">{`${steps.length} steps are too many for a picture.`}</p>;
  const phases = new Map(jobs.map(({ step, phase }) => [step, phase]));
  return (
    <div class="chart" tabIndex={0} role="region" aria-label="Picture of the steps">
      <svg
        class="flow"
        width={layout.width}
        height={layout.height}
        role="img"
        aria-label={`${steps.length} steps: ${steps.map(sentenceOf).join('; ')}`}
      >
        {layout.edges.map(({ from, to, path }) => (
          <path key={`${from} ${to}`} class="edge" d={path} />
        ))}
        {layout.steps.map((step) => (
          <StepBox key={step.name} step={step} phase={phases.get(step.name) ?? 'Pending'} />
        ))}
      </svg>
    </div>
  );
}

/** A retried step has several Jobs; the last one counts. */
function stepsOf(jobs: readonly RunJob[]): readonly FlowStep[] {
  const steps = new Map<string, FlowStep>();
  for (const { step, dependsOn = [] } of jobs) if (step !== undefined) steps.set(step, { name: step, dependsOn });
  return [...steps.values()];
}

function sentenceOf({ name, dependsOn }: FlowStep): string {
  return dependsOn.length === 0 ? name : `${name} after ${dependsOn.join(', ')}`;
}

function StepBox({ step: { name, x, y }, phase }: { readonly step: PlacedStep; readonly phase: string }) {
  const { tone, word, shape, filled } = lookOf(phase);
  return (
    <g class={`step tone-${tone}`} transform={`translate(${x} ${y})`}>
      <title>{`${name}: ${word}`}</title>
      <rect width={box.width} height={box.height} rx={4} />
      <g transform="translate(9 11)" class={filled ? 'icon filled' : 'icon line'}>
        <path d={shape} fill-rule="evenodd" />
      </g>
      <text x={33} y={17}>
        {name.length <= mostLetters ? name : `${name.slice(0, mostLetters - 1)}…`}
      </text>
      <text x={33} y={30} class="word">
        {word}
      </text>
    </g>
  );
}
