/** A step of a flow: what it waits for. */
export interface FlowStep {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** Where a step is drawn. */
export interface PlacedStep {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Where an arrow is drawn: from the right side of a step to the left of another. */
export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly path: string;
}

/** A picture of steps, in pixels. */
export interface FlowLayout {
  readonly steps: readonly PlacedStep[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

/** A step's box. */
export const box = { width: 168, height: 38 } as const;
const gap = { x: 44, y: 12 } as const;
const margin = 4;
const passes = 3;

/**
 * Places each step in the column after the last one that it waits for, and within its column near to those. What waits
 * for itself in a circle, which the controller refuses, is put into one last column.
 */
export function flowLayout(steps: readonly FlowStep[]): FlowLayout {
  const known = new Set(steps.map(({ name }) => name));
  const clean = steps.map(({ name, dependsOn }) => ({
    name,
    dependsOn: [...new Set(dependsOn)].filter((before) => known.has(before) && before !== name),
  }));
  const columns = ordered(columnsOf(clean), clean);
  const tallest = Math.max(0, ...columns.map(({ length }) => length));
  const placed = new Map<string, PlacedStep>();
  for (const [column, names] of columns.entries()) {
    const top = ((tallest - names.length) * (box.height + gap.y)) / 2;
    for (const [row, name] of names.entries())
      placed.set(name, {
        name,
        x: margin + column * (box.width + gap.x),
        y: margin + top + row * (box.height + gap.y),
      });
  }
  return {
    steps: [...placed.values()],
    edges: clean
      .flatMap(({ name, dependsOn }) => dependsOn.map((before) => edgeOf(placed.get(before), placed.get(name))))
      .filter((edge) => edge !== undefined),
    width: columns.length * (box.width + gap.x) - gap.x + 2 * margin,
    height: tallest * (box.height + gap.y) - gap.y + 2 * margin,
  };
}

function columnsOf(steps: readonly FlowStep[]): readonly (readonly string[])[] {
  const columns: string[][] = [];
  const done = new Set<string>();
  let rest = steps;
  while (rest.length > 0) {
    const ready = rest.filter(({ dependsOn }) => dependsOn.every((before) => done.has(before)));
    const column = (ready.length === 0 ? rest : ready).map(({ name }) => name);
    columns.push(column);
    for (const name of column) done.add(name);
    rest = rest.filter(({ name }) => !done.has(name));
  }
  return columns;
}

/** Orders each column by the mean place of what its steps wait for, so that arrows cross less. */
function ordered(columns: readonly (readonly string[])[], steps: readonly FlowStep[]): readonly (readonly string[])[] {
  const before = new Map(steps.map(({ name, dependsOn }) => [name, dependsOn]));
  let result = columns;
  for (let pass = 0; pass < passes; pass += 1) {
    const place = new Map(
      result.flatMap((names) => names.map((name, row) => [name, row - (names.length - 1) / 2] as const)),
    );
    const mean = (name: string) => {
      const places = (before.get(name) ?? []).map((of) => place.get(of) ?? 0);
      return places.length === 0
        ? (place.get(name) ?? 0)
        : places.reduce((sum, value) => sum + value, 0) / places.length;
    };
    result = result.map((names) => [...names].sort((a, b) => mean(a) - mean(b)));
  }
  return result;
}

function edgeOf(from: PlacedStep | undefined, to: PlacedStep | undefined): PlacedEdge | undefined {
  if (from === undefined || to === undefined) return undefined;
  const start = { x: from.x + box.width, y: from.y + box.height / 2 };
  const end = { x: to.x, y: to.y + box.height / 2 };
  const bend = Math.max(gap.x / 2, (end.x - start.x) / 2);
  return {
    from: from.name,
    to: to.name,
    path: `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`,
  };
}
