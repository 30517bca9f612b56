import type { LogLine } from '../../../controller/src/api/schemas.ts';
import { cutLine } from './safe-text.ts';

/** A line as it is kept. */
export interface KeptLine {
  readonly line: LogLine;
  /** How many characters of it were left out. */
  readonly cut: number;
}

/** Lines that are drawn together. A changed chunk is another object, so that only it is drawn again. */
export interface Chunk {
  readonly id: number;
  readonly lines: readonly KeptLine[];
}

const chunkLines = 100;

/** The newest lines of a log: no more than 10,000, the oldest go first, a hundred at a time. */
export class LogBuffer {
  readonly #mostLines: number;
  #chunks: Chunk[] = [];
  #nextId = 0;
  #lines = 0;
  #dropped = 0;

  constructor(mostLines = 10_000) {
    this.#mostLines = mostLines;
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks;
  }

  get lines(): number {
    return this.#lines;
  }

  /** How many lines had to go. */
  get dropped(): number {
    return this.#dropped;
  }

  append(lines: readonly LogLine[]): void {
    for (let at = 0; at < lines.length;) {
      const last = this.#chunks.at(-1);
      const room = last === undefined ? 0 : chunkLines - last.lines.length;
      const fitting = lines.slice(at, at + (room || chunkLines)).map(keptOf);
      if (last === undefined || room === 0) this.#chunks = [...this.#chunks, { id: this.#nextId++, lines: fitting }];
      else this.#chunks = [...this.#chunks.slice(0, -1), { id: last.id, lines: [...last.lines, ...fitting] }];
      at += fitting.length;
      this.#lines += fitting.length;
      this.#drop();
    }
  }

  #drop(): void {
    while (this.#lines > this.#mostLines && this.#chunks.length > 1) {
      const count = this.#chunks[0]?.lines.length ?? 0;
      this.#chunks = this.#chunks.slice(1);
      this.#lines -= count;
      this.#dropped += count;
    }
  }
}

function keptOf(line: LogLine): KeptLine {
  const { text, cut } = cutLine(line.line);
  return cut === 0 ? { line, cut } : { line: { ...line, line: text }, cut };
}
