/** Positions of values in a YAML file, and problems that name them. */
import type { LineCounter } from 'yaml';
import { isAlias, isMap, isPair, isSeq, type Document, type Node, type ParsedNode } from 'yaml';

/** A place in a file; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A reason why no plan can be made. */
export interface Problem extends Place {
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

export type Path = readonly (string | number)[];

/** Finds places in one document. */
export class Positions {
  readonly #file: string;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document.Parsed, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
  }

  /**
   * The position of a field's name or of a list's element, or, if the field does not exist, of the nearest enclosing
   * value.
   */
  at(path: Path): Place {
    let node: Node | null = this.#document.contents;
    let offset = node?.range?.[0] ?? this.#document.range[0];
    for (const part of path) {
      const next = this.#child(node, part);
      if (!next) break;
      offset = next.offset ?? offset;
      node = next.node;
    }
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  problem(path: Path, message: string): Problem {
    return { ...this.at(path), message };
  }

  #child(
    from: Node | null,
    part: string | number,
  ): { readonly offset: number | undefined; readonly node: Node | null } | undefined {
    const node = isAlias(from) ? (from.resolve(this.#document) ?? null) : from;
    if (isSeq(node)) {
      const item = node.items[Number(part)] as ParsedNode | undefined;
      return item && { offset: item.range[0], node: item };
    }
    const pair = isMap(node) ? node.items.find(({ key }) => String(key) === String(part)) : undefined;
    if (!isPair(pair)) return undefined;
    return { offset: (pair.key as ParsedNode | null)?.range?.[0], node: pair.value as Node | null };
  }
}

/** `app.yaml:12:9: message`, as compilers write it. */
export function sentenceOf({ file, line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}

const mostProblems = 200;

/** Without duplicates, in the order of the file. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const once = [...new Map(problems.map((problem) => [sentenceOf(problem), problem])).values()];
  return once.sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : 0)).slice(0, mostProblems);
}
