import type { Io } from './io.ts';
import { paintFor, type Colour } from './style.ts';
import { printableError } from './text.ts';

/**
 * Writes a sentence for people, after a word such as `error:` in a colour. The sentence may quote a server or a
 * stranger's file: on a terminal it cannot move the cursor or look like another line.
 */
export async function remark(
  { environment, err }: Pick<Io, 'environment' | 'err'>,
  ...[colour, word, sentence]: Remark
) {
  const words = err.terminal ? printableError(sentence) : sentence;
  await err.write(`${paintFor({ environment }, err)(colour, word)} ${words}\n`);
}

type Remark = readonly [colour: Colour, word: string, sentence: string];
