/** A key whose turn it is, and when it was added. */
export type Turn = readonly [key: string, since: number];

/** Keys of one lane, in the order in which they were added; no key is in both. */
interface Lane {
  readonly urgent: Map<string, number>;
  readonly patient: Map<string, number>;
}

/**
 * Keys that wait for their turn, in lanes that take turns, as the flows of the API server's priority and fairness do:
 * however many keys one lane has, the first of another one is next after one of them. Within a lane a patient key has
 * its turn as though it had been added `patience` later. A lane that has none but patient keys is passed over while
 * others are urgent, until its first one has waited so long.
 *
 * Times are of one clock that never goes back, in any unit.
 */
export class FairLine {
  readonly #patience: number;
  /** In the order of their turns; none is empty. */
  readonly #lanes = new Map<string, Lane>();
  #urgent = 0;
  #patient = 0;

  constructor(patience: number) {
    this.#patience = patience;
  }

  get size(): number {
    return this.#urgent + this.#patient;
  }

  /** How many keys are not patient. */
  get urgent(): number {
    return this.#urgent;
  }

  /** Whether the key waits and is not patient. */
  isUrgent(lane: string, key: string): boolean {
    return this.#lanes.get(lane)?.urgent.has(key) ?? false;
  }

  /** Puts a key at the end of its lane, unless it waits there; one that was patient may be urgent now. */
  add(lane: string, key: string, isPatient: boolean, now: number): void {
    const { urgent, patient } = this.#lanes.get(lane) ?? this.#open(lane);
    if (urgent.has(key)) return;
    const since = patient.get(key) ?? now;
    if (isPatient) {
      if (!patient.has(key)) this.#patient += 1;
      patient.set(key, since);
      return;
    }
    if (patient.delete(key)) this.#patient -= 1;
    urgent.set(key, since);
    this.#urgent += 1;
  }

  /** Takes a key out, whether it waits or not. */
  delete(lane: string, key: string): void {
    const keys = this.#lanes.get(lane);
    if (!keys) return;
    if (keys.urgent.delete(key)) this.#urgent -= 1;
    if (keys.patient.delete(key)) this.#patient -= 1;
    if (keys.urgent.size + keys.patient.size === 0) this.#lanes.delete(lane);
  }

  clear(): void {
    this.#lanes.clear();
    this.#urgent = 0;
    this.#patient = 0;
  }

  /** Takes the key out whose turn it is; its lane is then the last one. */
  take(now: number): Turn | undefined {
    const name = this.#nextLane(now);
    const lane = this.#lanes.get(name ?? '');
    const turn = lane && this.#firstOf(lane);
    if (name === undefined || !lane || !turn) return undefined;
    this.delete(name, turn[0]);
    if (this.#lanes.delete(name)) this.#lanes.set(name, lane);
    return turn;
  }

  #open(name: string): Lane {
    const lane: Lane = { urgent: new Map(), patient: new Map() };
    this.#lanes.set(name, lane);
    return lane;
  }

  #nextLane(now: number): string | undefined {
    for (const [name, { urgent, patient }] of this.#lanes) {
      if (urgent.size > 0 || this.#urgent === 0) return name;
      const [, since] = firstOf(patient) ?? ['', now];
      if (since + this.#patience <= now) return name;
    }
    return undefined;
  }

  #firstOf({ urgent, patient }: Lane): Turn | undefined {
    const [first, late] = [firstOf(urgent), firstOf(patient)];
    if (!first || !late) return first ?? late;
    return late[1] + this.#patience < first[1] ? late : first;
  }
}

const firstOf = (keys: ReadonlyMap<string, number>): Turn | undefined => keys.entries().next().value;
