/** More of one line than this is dropped: a server that never ends a line shall not fill the memory. */
const mostCharacters = 1 << 20;

/** The lines of a body as they arrive, without their ends; an unfinished last line is one, too. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n');
      rest = (lines.pop() ?? '').slice(0, mostCharacters);
      yield* lines;
      if (done) break;
    }
    if (rest !== '') yield rest;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
